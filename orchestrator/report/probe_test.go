package report

import (
	"reflect"
	"testing"

	"kizu/orchestrator/result"
	"kizu/orchestrator/stage"
)

// TestOneTileOfAPhotoIsProbed: of a test photo in tiles the first, which stands for it.
func TestOneTileOfAPhotoIsProbed(t *testing.T) {
	images := []stage.Labeled{{Name: "a"}, {Name: "a"}, {Name: "c", Class: 1}, {Name: "c", Class: 1}, {Name: "b"}}
	features := result.Features{{0}, {1}, {2}, {3}, {4}}
	for class, want := range []result.Features{{{0}, {4}}, {{2}}} {
		if got := ofClass(features, images, class); !reflect.DeepEqual(got, want) {
			t.Errorf("class %d: features %v, want %v", class, got, want)
		}
	}
}
