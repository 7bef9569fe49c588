package report

import (
	"slices"
	"strings"
	"testing"
)

// TestSampleRows: every way to make study 2's images has a row of its own, and
// all seeds are counted.
func TestSampleRows(t *testing.T) {
	rows, learnt := finished(t).collect(nil).sampleRows("crack")
	if len(rows) != 1 || len(learnt) != 4 || rows[0].Detail != "52 made, 0 blank, 0 saturated, 0 NaN" {
		t.Errorf("%d photos, rows %+v", len(learnt), rows)
	}
	swept := strings.Replace(studies, "good_images: 6,", "good_images: 6, rank: [2, 4],", 1)
	rows, _ = newFixture(t, swept).collect(nil).sampleRows("hole")
	var titles []string
	for _, row := range rows {
		titles = append(titles, row.Title)
		if len(row.Strips) != 2 {
			t.Errorf("%s has %d strips, want one for each seed", row.Title, len(row.Strips))
		}
	}
	if want := []string{"hole: generated, rank 2", "hole: generated, rank 4"}; !slices.Equal(titles, want) {
		t.Errorf("rows %q, want %q", titles, want)
	}
}
