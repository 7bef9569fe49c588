package plan

import (
	"fmt"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/store"
)

// PhotoList is the photos that the plan was made from, and which of them are tested on.
func (p *Plan) PhotoList() []store.Photo {
	tested := p.Division.TestedHashes()
	list := make([]store.Photo, len(p.Set.Images))
	for i, img := range p.Set.Images {
		list[i] = store.Photo{Name: img.Name, SHA256: img.SHA256, Tested: tested[img.SHA256]}
	}
	return list
}

// PhotosSince says in a line which photos came, went or changed since a run, and what
// that did to those that are tested on; "" if none did, or if nothing is known of the
// run's photos. A photo that only has another name is the same.
func (p *Plan) PhotosSince(run store.Needs) string {
	if len(run.Photos) == 0 {
		return ""
	}
	now := p.PhotoList()
	was, is := byHash(run.Photos), byHash(now)
	left := map[string]bool{} // names whose photo is not there any more
	for _, photo := range run.Photos {
		if _, still := is[photo.SHA256]; !still {
			left[photo.Name] = true
		}
	}
	var came, went, changed []string
	added, dropped := 0, 0 // of those that are tested on
	for _, photo := range now {
		before, known := was[photo.SHA256]
		switch {
		case !known && left[photo.Name]:
			changed = append(changed, photo.Name)
			delete(left, photo.Name)
		case !known:
			came = append(came, photo.Name)
		}
		if photo.Tested && !before.Tested {
			added++
		}
	}
	for _, photo := range run.Photos {
		if left[photo.Name] {
			went = append(went, photo.Name)
		}
		if photo.Tested && !is[photo.SHA256].Tested {
			dropped++
		}
	}
	return sinceText(run, came, went, changed, added, dropped)
}

func byHash(photos []store.Photo) map[string]store.Photo {
	found := make(map[string]store.Photo, len(photos))
	for _, photo := range photos {
		found[photo.SHA256] = photo
	}
	return found
}

func sinceText(run store.Needs, came, went, changed []string, added, dropped int) string {
	const shown = 3
	var counts, names, tests []string
	for _, part := range []struct {
		names []string
		verb  string
	}{{came, "came"}, {went, "went"}, {changed, "changed"}} {
		if n := len(part.names); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, part.verb))
			names = append(names, part.names...)
		}
	}
	if len(names) == 0 {
		return ""
	}
	if len(names) > shown {
		names = append(names[:shown], "…")
	}
	if added > 0 {
		tests = append(tests, fmt.Sprintf("%d test %s new", added, english.PluralWord(added, "photo is", "photos are")))
	}
	if dropped > 0 {
		tests = append(tests, fmt.Sprintf("%d %s tested on any more", dropped, english.PluralWord(dropped, "is not", "are not")))
	}
	text := fmt.Sprintf("photos: %s since the run of %s (%s)", strings.Join(counts, ", "), run.Time.Local().Format("2006-01-02"), strings.Join(names, ", "))
	return strings.Join(append([]string{text}, tests...), "; ")
}
