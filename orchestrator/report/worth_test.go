package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// Counts of real photos make a curve, on which sets with generated images are placed; they
// are no rivals: nothing else of the report has them.
func TestWorth(t *testing.T) {
	f := newFixture(t, strings.Replace(studies, "conditions:\n", "conditions:\n  real_counts: [2, 4, 8]\n", 1))
	f.right["real, 2 defects"], f.right["real, 8 defects"] = 3, 8
	f.commitAll(nil)
	r := f.collect(nil)
	if len(r.conditions) != 3 || len(r.pairs) != 3 || len(r.verdict.Compared) != 2 {
		t.Errorf("%d conditions, %d pairs, %d compared", len(r.conditions), len(r.pairs), len(r.verdict.Compared))
	}
	g := r.worthGrid()
	if len(g.Rows) != 5 {
		t.Fatalf("%q", g.Rows)
	}
	for i, want := range [][2]string{{"real, 2 defects", "2"}, {"real", "4"}, {"real, 8 defects", "8"}, {"generated", ""}, {"real & generated", ""}} {
		if row := g.Rows[i]; row[0] != want[0] || want[1] != "" && row[3] != want[1] {
			t.Errorf("row %d: %q, want %q", i, row, want)
		}
	}
	if above := g.Rows[4]; !strings.HasPrefix(above[3], "at least 8 (") || !strings.HasPrefix(above[4], "at least 4 (") {
		t.Errorf("9 of 10 right, above the curve: %q", above)
	}
	var text, out bytes.Buffer
	f.check(r.Table(&text, table.Screen{Width: 120}))
	if !strings.Contains(text.String(), "how many real photos of each defect training sets are worth") {
		t.Error(text.String())
	}
	f.check(r.JSON(&out))
	var all struct{ Worth []worthResult }
	f.check(json.Unmarshal(out.Bytes(), &all))
	if len(all.Worth) != 1 || len(all.Worth[0].Curve) != 3 || all.Worth[0].Sets[1].Beyond != "above" || all.Worth[0].Sets[1].Photos != nil || all.Worth[0].Sets[0].Photos == nil {
		t.Errorf("%+v", all.Worth)
	}
}

// Places beyond the ends of the curve are not written as numbers.
func TestWorthInWords(t *testing.T) {
	s := &scale{curve: []*condition{ran(t, "few", 0), ran(t, "many", 0)}}
	s.curve[0].set.Defects.Real, s.curve[1].set.Defects.Real = 3, 10
	below, above := math.Inf(-1), math.Inf(1)
	seeds := []int64{0, 1}
	for _, test := range []struct {
		w    result.Worth
		less int
		want string
	}{
		{result.Worth{Photos: 6.4, Interval: result.Interval{Low: 3.6, High: 9}, Seeds: seeds}, 0, "6 (4 to 9)"},
		{result.Worth{Photos: 6.4, Interval: result.Interval{Low: 3.6, High: 9}, Seeds: seeds}, 5, "1 (−1 to 4)"},
		{result.Worth{Photos: above, Interval: result.Interval{Low: 7, High: above}, Seeds: seeds}, 0, "at least 10 (at least 7)"},
		{result.Worth{Photos: above, Interval: result.Interval{Low: above, High: above}, Seeds: seeds}, 3, "at least 7 (at least 7)"},
		{result.Worth{Photos: below, Interval: result.Interval{Low: below, High: 5}, Seeds: seeds}, 0, "at most 3 (at most 5)"},
		{result.Worth{Photos: below, Interval: result.Interval{Low: below, High: below}, Seeds: seeds}, 0, "at most 3 (at most 3)"},
		{result.Worth{Photos: 5, Interval: result.Interval{Low: below, High: above}, Seeds: seeds}, 0, "5 (any number)"},
		{result.Worth{Photos: 5, Seeds: seeds[:1]}, 0, "5"},
	} {
		if got := s.photos(test.w, test.less); got != test.want {
			t.Errorf("%+v less %d: %q, want %q", test.w, test.less, got, test.want)
		}
	}
}
