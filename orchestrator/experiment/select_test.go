package experiment

import (
	"slices"
	"strings"
	"testing"
)

// TestSelectNames: what is chosen is said where a set or a pattern lists or changes it.
func TestSelectNames(t *testing.T) {
	const study = `name: small
dataset: {format: folders, root: photos, noun: nut, defects: [crack]}
base: base
patterns: {matrix: [{defect_images: 2, generate: {select: {of: [1, 3]}}}]}
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 2, defect_images: 2}
  training_sets:
    first: {good: {real: 2, generated: 2}, defects: {generated: 2}}
    kept: {good: {real: 2, generated: 4}, defects: {generated: 2}, generate: {select: {of: 3, by: [change, nearest]}}}
`
	exp, err := Parse("small.yaml", ".", []byte(study))
	if err != nil {
		t.Fatal(err)
	}
	var names, made []string
	for _, p := range exp.ExpandPatterns() {
		names, made = append(names, p.Name), append(made, p.Generate.Select.Text())
	}
	for _, c := range exp.ExpandConditions() {
		names, made = append(names, c.Name), append(made, c.LoRA.Generate.Select.Text())
	}
	if want := []string{"2 defect, 0 regularization", "2 defect, 0 regularization, 1 of 3", "first", "kept, by change", "kept, by nearest"}; !slices.Equal(names, want) {
		t.Errorf("%q", names)
	}
	if want := []string{"", "1 of 3, by change", "", "1 of 3, by change", "1 of 3, by nearest"}; !slices.Equal(made, want) {
		t.Errorf("%q", made)
	}
	// Candidates are the same images whatever is chosen, so that sets can share them.
	if counts := exp.GeneratedCounts(); len(counts) != 1 || counts[exp.Generate.Like()]["good"] != 4 {
		t.Errorf("%v", counts)
	}
}

// TestSelectMistakes: each is one line at its place.
func TestSelectMistakes(t *testing.T) {
	const head = "name: small\ndataset: {format: folders, root: photos, noun: nut, defects: [crack]}\nbase: base\n"
	const sets = "conditions:\n  test: {good: 4, defects: 2}\n  lora: {good_images: 2LORA}\n  training_sets:\n    made: {good: {generated: 2}, defects: {generated: 2}, generate: GENERATE}\n"
	for _, test := range []struct{ text, want string }{
		{head + "generate: {select: {of: 0}}\n", `small.yaml:4:25: of 0: must be at least 1, the first candidate`},
		{head + "generate: {select: {of: 2.5}}\n", `small.yaml:4:25: generate.select.of: want a whole number, got 2.5`},
		{head + "generate: {select: {of: 3, by: luck}}\n", `small.yaml:4:32: "luck" is not one of: change, nearest`},
		{head + "generate: {select: 3}\n", `small.yaml:4:20: generate.select: want a mapping, such as {key: value}, got 3`},
		{head + "generate: {select: {from: 3}}\n", `small.yaml:4:21: unknown key "from" in generate.select: known are of, by`},
		{head + "classifier: {weights: none}\ngenerate: {select: {of: 2, by: nearest}}\n", `small.yaml:5:32: by nearest compares features, and those of a network with classifier.weights none are random: use lite0, imagenet or a file, patterns.features, or by: change`},
		{head + settings(sets, "", "{method: cutpaste, select: {of: 2, by: nearest}}"), `small.yaml:6:3: lora.defect_images is missing: they train the LoRAs`},
		{head + settings(sets, ", defect_images: 2", "{select: {of: [1, 0]}}"), `small.yaml:8:87: of 0: must be at least 1, the first candidate`},
	} {
		_, err := Parse("small.yaml", ".", []byte(test.text))
		if err == nil || err.Error() != test.want {
			t.Errorf("%s\ngot  %v\nwant %s", test.text, err, test.want)
		}
	}
}

func settings(text, lora, generate string) string {
	return strings.NewReplacer("LORA", lora, "GENERATE", generate).Replace(text)
}
