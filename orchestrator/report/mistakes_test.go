package report

import (
	"strings"
	"testing"
)

// A mistake is shown with what each training scored, and with what the others made of it.
func TestMistakes(t *testing.T) {
	r := finished(t).collect(nil)
	about, others := r.mistakesGalleries()
	if len(about.Rows) != 4 || len(others.Rows) != 2 {
		t.Fatalf("%d and %d rows", len(about.Rows), len(others.Rows))
	}
	row := about.Rows[0]
	if row.Title != "real: escapes" || len(row.Strips[0].Tiles) != 5 {
		t.Fatalf("%q, %d tiles", row.Title, len(row.Strips[0].Tiles))
	}
	for place, want := range map[int]string{
		0: "(hole): wrong in 2 of 2, score 0.20, 0.20; wrong in “generated” 0 of 2 and “real & generated” 0 of 2",
		1: "(hole): wrong in 2 of 2, score 0.20, 0.20; wrong in “generated” 2 of 2",
		4: "(hole): wrong in 1 of 2, score 0.90, 0.20; wrong in “generated” 1 of 2 and “real & generated” 1 of 2",
	} {
		if tile := row.Strips[0].Tiles[place]; !strings.Contains(tile.Title, want) || tile.Path == "" {
			t.Errorf("tile %d: %q", place, tile.Title)
		}
	}
}
