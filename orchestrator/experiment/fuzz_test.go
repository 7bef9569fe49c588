package experiment

import (
	"errors"
	"os"
	"slices"
	"testing"
)

// FuzzParse holds that any text is either an experiment that passes its own
// checks, or one error at a place inside the text.
func FuzzParse(f *testing.F) {
	for _, path := range []string{"../../experiments/article.yaml", "../../experiments/quick.yaml"} {
		source, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(source)
	}
	for _, test := range slices.Concat(mistakesOfForm, mistakesOfValue) {
		f.Add([]byte(test.text()))
	}
	for _, odd := range []string{"", "\xff", "\ufeff{}", "%YAML 1.2\n---\n{}", "name: &a [*a]", "? [a]\n: b", "a: !!binary ====", "- \t\n", "{[]: {}}"} {
		f.Add([]byte(odd))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		exp, err := Parse("f.yaml", "", source)
		if err == nil {
			if p := exp.problem(); p != nil {
				t.Fatalf("accepted, and yet %s: %s", p.path, p.message)
			}
			return
		}
		var at *Error
		if !errors.As(err, &at) {
			t.Fatalf("%T has no place: %v", err, err)
		}
		readable(t, at)
		within(t, at, source)
	})
}
