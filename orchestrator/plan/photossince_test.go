package plan

import (
	"strings"
	"testing"
	"time"

	"kizu/orchestrator/store"
)

// TestPhotosSince: what came, went or changed is counted, and another name is no other
// photo; what else decides which photos are tested on is no matter of photos.
func TestPhotosSince(t *testing.T) {
	p := smallPlan(t)
	now := p.PhotoList()
	test, other := -1, -1
	for i, photo := range now {
		if photo.Tested {
			test = i
		} else {
			other = i
		}
	}
	without := func(list []store.Photo, at int) []store.Photo {
		return append(append([]store.Photo{}, list[:at]...), list[at+1:]...)
	}
	with := func(change func(list []store.Photo)) []store.Photo {
		list := append([]store.Photo{}, now...)
		change(list)
		return list
	}
	gone := store.Photo{Name: "gone.png", SHA256: "gone", Tested: true}
	for name, step := range map[string]struct {
		before []store.Photo
		want   string // after "photos: "; "" for nothing
	}{
		"nothing known":             {nil, ""},
		"the same":                  {now, ""},
		"renamed":                   {with(func(list []store.Photo) { list[0].Name = "before.png" }), ""},
		"tested on by another file": {with(func(list []store.Photo) { list[test].Tested, list[other].Tested = false, true }), ""},
		"came":                      {without(now, other), "1 came since the run of 2026-11-20 (" + now[other].Name + ")"},
		"came to test":              {without(now, test), "1 came since the run of 2026-11-20 (" + now[test].Name + "); 1 test photo is new"},
		"went":                      {append(with(func([]store.Photo) {}), gone), "1 went since the run of 2026-11-20 (gone.png); 1 is not tested on any more"},
		"changed": {with(func(list []store.Photo) { list[test].SHA256 = "before" }),
			"1 changed since the run of 2026-11-20 (" + now[test].Name + "); 1 test photo is new; 1 is not tested on any more"},
		"all": {[]store.Photo{gone, {Name: "too.png", SHA256: "too"}}, ", …); "},
	} {
		run := store.Needs{Time: time.Date(2026, 11, 20, 12, 0, 0, 0, time.Local), Photos: step.before}
		got := p.PhotosSince(run)
		if name == "all" && strings.Contains(got, step.want) && strings.Contains(got, "2 went") {
			continue
		}
		if want := strings.TrimPrefix("photos: "+step.want, "photos: "); strings.TrimPrefix(got, "photos: ") != want {
			t.Errorf("%s: %q and not %q", name, got, want)
		}
	}
}
