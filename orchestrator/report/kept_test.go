package report

import "testing"

// A report that is kept is of the parts that photos show, too: with other parts of the
// same photos its intervals are others.
func TestKeyOfParts(t *testing.T) {
	p := finished(t).plan
	keys := map[string]string{}
	for _, part := range []string{"", "7", "8"} {
		p.Set.Images[0].Part = part
		key, err := KeyOf(p, "program")
		if err != nil {
			t.Fatal(err)
		}
		if before, twice := keys[key]; twice {
			t.Errorf("parts %q and %q have one report", before, part)
		}
		keys[key] = part
	}
}
