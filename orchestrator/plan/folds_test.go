package plan

import (
	"fmt"
	"testing"

	"kizu/orchestrator/dataset"
)

func TestFoldsOf(t *testing.T) {
	photos := func(parts ...string) (list []dataset.Image) {
		for i, part := range parts {
			list = append(list, dataset.Image{SHA256: fmt.Sprint(i), Part: part})
		}
		return list
	}
	for _, test := range []struct {
		photos []dataset.Image
		count  int
		want   string
	}{
		{photos("", "", "", "", ""), 2, "[1 2 1 2 1]"},
		{photos("a", "b", "a", "c", "b"), 2, "[1 2 1 1 2]"},
		{photos("", "", ""), 5, "[1 2 3]"},
		{photos("", "", ""), 0, "[0 0 0]"},
		{photos("a", "a"), 3, "[0 0]"}, // without them the class would be empty
		{nil, 3, "[]"},
	} {
		if got := fmt.Sprint(foldsOf(test.photos, test.count)); got != test.want {
			t.Errorf("%d photos in %d folds: %s, want %s", len(test.photos), test.count, got, test.want)
		}
	}
}
