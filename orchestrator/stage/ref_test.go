package stage

import (
	"image"
	"testing"
)

// TestRegion: a photo's reference takes a region on and off, and is the photo's with
// either; nothing else has regions, whatever it is called.
func TestRegion(t *testing.T) {
	photo := ByHash("0123abcd")
	part := photo.Region(image.Rect(10, 20, 40, 60))
	if want := Ref("sha256:0123abcd#xywh=10,20,30,40"); part != want {
		t.Errorf("%s, want %s", part, want)
	}
	for _, ref := range []Ref{photo, part, part.Region(image.Rect(0, 0, 5, 5)), part.Region(image.Rectangle{})} {
		whole, _ := ref.Whole()
		if sum, ok := ref.Hash(); whole != photo || !ok || sum != "0123abcd" {
			t.Errorf("%s is a region of %s, with hash %s", ref, whole, sum)
		}
	}
	if _, fragment := part.Whole(); fragment != "#xywh=10,20,30,40" {
		t.Errorf("fragment %q", fragment)
	}
	if back := part.Region(image.Rectangle{}); back != photo {
		t.Errorf("all of it is %s", back)
	}
	for _, ref := range []Ref{ByName("owner/model#xywh=1,2,3,4"), Artifact("generate", "12ab", "images/a#xywh=1,2,3,4")} {
		if whole, fragment := ref.Whole(); whole != ref || fragment != "" {
			t.Errorf("%s is taken apart into %s and %s", ref, whole, fragment)
		}
	}
}
