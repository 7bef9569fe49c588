package experiment

import (
	"strings"
	"testing"
)

// TestCounts: counts become training sets of photos alone, with the good photos of the
// rival or the first such set, behind all others; a count that the file has itself is that.
func TestCounts(t *testing.T) {
	const file = head + "conditions:\n  test: {good: 4, defects: 2}\n  lora: {good_images: 2, defect_images: 2}\n" +
		"  training_sets:\n    made: {good: {generated: 4}, defects: {generated: 4}}\n    real: {good: {real: 9}, defects: {real: 5}}\n    more: {good: {real: 20}, defects: {real: 5}}\n"
	for rival, want := range map[string]string{
		"":                "made; real; more; real, 3 defects 9; real, 8 defects 9",
		"  rival: more\n": "made; real; more; more, 3 defects 20; more, 8 defects 20",
		"  rival: made\n": "made; real; more; real, 3 defects 9; real, 8 defects 9",
	} {
		exp, err := Parse("counts.yaml", t.TempDir(), []byte(file+"  real_counts: [3, 5, 8]\n"+rival))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, c := range exp.ExpandConditions() {
			name := c.Name
			if c.Counted() {
				name += " " + strings.TrimSuffix(c.Good.Text(""), " real")
			}
			got = append(got, name)
		}
		if text := strings.Join(got, "; "); text != want || exp.Compared() != 3 {
			t.Errorf("%q: %s, %d compared", rival, text, exp.Compared())
		}
		last := exp.ExpandConditions()[4]
		if path := last.CountPath(false, "real"); path != "conditions.real_counts[2]" {
			t.Error(path)
		}
		if path := last.CountPath(true, "real"); !strings.HasPrefix(path, "conditions.training_sets.") || !strings.HasSuffix(path, ".good.real") || strings.Contains(path, "defects") {
			t.Error(path)
		}
	}
}
