package experiment

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

const swept = head + `lora: {rank: 8}
patterns:
  baseline: true
  matrix:
    - {defect_images: 3, steps: [10, 20]}
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 2, defect_images: 2}
  training_sets:
    real: {good: {real: 2}, defects: {real: 2}}
    real + generated: {good: {real: 2, generated: 3}, defects: {real: 2}}
`

// TestOverrides: a value of the command line is as good as one in the file.
func TestOverrides(t *testing.T) {
	for _, test := range []struct {
		changes string // separated by ;
		got     func(*Experiment) any
		want    string
	}{
		{"lora.rank=16", func(e *Experiment) any { return fmt.Sprint(e.LoRA.Rank, e.LoRA.Alpha) }, "16 16"},
		{"lora.rank=16;lora.rank=4", func(e *Experiment) any { return e.LoRA.Rank }, "4"},
		{"lora.rank=", func(e *Experiment) any { return e.LoRA.Rank }, "8"},
		{"generate.sampler=ddim", func(e *Experiment) any { return e.Generate.Sampler }, "ddim"},
		{"generate={strength: 0.5, steps: 4}", func(e *Experiment) any { return e.Generate.Strength }, "0.5"},
		{"seeds=[3, 4]", func(e *Experiment) any { return e.Seeds }, "[3 4]"},
		{"conditions=", func(e *Experiment) any { return e.Conditions == nil }, "true"},
		{"dataset.root=a=b", func(e *Experiment) any { return e.Dataset.Root }, "a=b"},
		{`dataset.root="${X}/y"`, func(e *Experiment) any { return e.Dataset.Root }, "${X}/y"},
		{"dataset.defects[1]=hole", func(e *Experiment) any { return e.Dataset.Defects }, "[crack hole]"},
		{"patterns.matrix[0].steps[1]=30", func(e *Experiment) any { return e.ExpandPatterns()[2].Steps }, "30"},
		{"patterns.matrix[0].rank=[1, 2, 4]", func(e *Experiment) any { return len(e.ExpandPatterns()) }, "7"},
		{`conditions.training_sets."real + generated".good.generated=9`, func(e *Experiment) any { return generatedCount(e, "good") }, "9"},
		{"conditions.training_sets.real + generated.good.generated=9", func(e *Experiment) any { return generatedCount(e, "good") }, "9"},
		{"conditions.training_sets.more={good: {real: 4}, defects: {real: 1}}", func(e *Experiment) any { return e.Conditions.TrainingSets[2].Name }, "more"},
	} {
		changes := strings.Split(test.changes, ";")
		exp, err := Parse("small.yaml", "", []byte(swept), changes...)
		if err != nil {
			t.Errorf("%s: %v", test.changes, err)
			continue
		}
		if got := fmt.Sprint(test.got(exp)); got != test.want {
			t.Errorf("%s gives %s, want %s", test.changes, got, test.want)
		}
		if !slices.Equal(exp.Changes, changes) {
			t.Errorf("%s: the experiment knows of %q", test.changes, exp.Changes)
		}
	}
}

// TestOverrideMistakes: an error in a flag names the flag, and no line.
func TestOverrideMistakes(t *testing.T) {
	form := `want path=value, such as lora.rank=16, seeds=[0, 1, 2] or 'patterns.matrix[0].steps=[10, 20]'`
	for change, want := range map[string]string{
		"":                                form,
		"lora.rank":                       form,
		"=3":                              form,
		"lora..rank=3":                    form,
		"seeds[x]=3":                      form,
		"seeds[0=3":                       form,
		"seeds[-1]=3":                     form,
		`"seeds"x=3`:                      form,
		"lora.rank=eight":                 `lora.rank: want a whole number, got the text "eight"`,
		"lora.rank=[":                     "not YAML: sequence end token ']' not found",
		"lora.rank=3\n---\n4":             "the value is more than one YAML document",
		"lora.rank=0":                     "rank 0: must be at least 1",
		"lora.rnak=4":                     `unknown key "rnak" in lora: known are ` + loraKeys,
		"loar.rank=4":                     `unknown key "loar": known are name, question, seeds, dataset, base, lora, generate, patterns, conditions, classifier, referee, reference`,
		"lora.rank.of=4":                  "lora.rank: want a mapping, got 8",
		"lora[0]=4":                       "lora: want a list, got a mapping",
		"seeds[0]=4":                      "seeds: want a list, got nothing",
		"dataset.defects[2]=hole":         "there is no dataset.defects[2]: the list has 2 values, counted from 0",
		"dataset.defects=[crack, crack]":  `class "crack" is listed twice`,
		"seeds=[]":                        "seeds is empty: give at least one, such as [0]",
		"seeds=[0, one]":                  `seeds[1]: want a whole number, got the text "one"`,
		"patterns.matrix[0].steps[1]=0":   "steps 0: must be at least 1",
		"patterns.matrix[0].steps[1]=few": `patterns.matrix[0].steps[1]: want a whole number, got the text "few"`,
		"generate={steps: 3, rank: 4}":    `unknown key "rank" in generate: known are ` + generateKeys,
	} {
		_, err := Parse("small.yaml", "", []byte(swept), change)
		var got *Error
		if !errors.As(err, &got) {
			t.Errorf("%q: got %v, want an *Error", change, err)
			continue
		}
		if want := "--set " + change + ": " + want; err.Error() != want {
			t.Errorf("%q:\n got %v\nwant %s", change, err, want)
		}
	}
	aliased := "name: &n small\nquestion: *n\n" + strings.TrimPrefix(swept, "name: small\n")
	_, err := Parse("small.yaml", "", []byte(aliased), "question.of=3")
	if err == nil || !strings.Contains(err.Error(), "question: is *n, which stands elsewhere") {
		t.Errorf("a change within an alias: %v", err)
	}
	// What is wrong in the file is still the file's.
	_, err = Parse("small.yaml", "", []byte(swept+"rank: 3\n"), "lora.rank=4")
	if err == nil || !strings.HasPrefix(err.Error(), "small.yaml:15:1: unknown key") {
		t.Errorf("a mistake of the file beside a change: %v", err)
	}
}

// TestConditionsAreSwept: LoRAs multiply the sets that have generated images,
// classifiers multiply all.
func TestConditionsAreSwept(t *testing.T) {
	exp, err := Parse("small.yaml", "", []byte(swept),
		"conditions.lora.rank=[4, 16]", "conditions.lora.generate.strength=0.5",
		"conditions.lora.source_images=7", "conditions.classifier.steps=[10, 20]")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range exp.ExpandConditions() {
		got = append(got, c.Name)
		if c.LoRA.RegularizationImages != 2 || c.LoRA.SourceImages != 7 || c.LoRA.Generate.Strength != 0.5 ||
			c.LoRA.Alpha != float64(c.LoRA.Rank) || c.Classifier.Epochs != 0 {
			t.Errorf("%s is settled to %+v", c.Name, c)
		}
	}
	want := []string{
		"real, 10 steps", "real, 20 steps",
		"real + generated, rank 4, 10 steps", "real + generated, rank 4, 20 steps",
		"real + generated, rank 16, 10 steps", "real + generated, rank 16, 20 steps",
	}
	if !slices.Equal(got, want) {
		t.Errorf("conditions\n%q, want\n%q", got, want)
	}
}

// FuzzOverride: any flag is an experiment that passes its checks, or an error.
func FuzzOverride(f *testing.F) {
	for _, change := range []string{"lora.rank=4", "seeds[0]=[1]", `"a".b[3].c={d: [e]}`, "a=*b", "a=&b c", "a=!!str", "lora=\t", "name=? [a]"} {
		f.Add(change)
	}
	f.Fuzz(func(t *testing.T, change string) {
		exp, err := Parse("f.yaml", "", []byte(swept), change)
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
	})
}
