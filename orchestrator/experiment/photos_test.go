package experiment

import (
	"strings"
	"testing"
)

// TestPhotosOfAFile: parts and test photos, in every form that a file may have them.
func TestPhotosOfAFile(t *testing.T) {
	const file = `
name: small
dataset: {format: folders, root: photos, noun: board, defects: [crack, list], parts: PARTS}
base: tiny-sd
conditions:
  test: TEST
  training_sets: {real: {good: {real: 2}, defects: {real: 2}}}
`
	for parts, want := range map[string]Parts{
		"": {}, "folder": {Folder: true}, "./folder": {File: "./folder"}, "parts.csv": {File: "parts.csv"},
		`{pattern: '_num_(\d+)'}`: {Pattern: `_num_(\d+)`},
	} {
		for test, list := range map[string]string{"{list: test.csv}": "test.csv", "{good: 4, crack: 2, list: 3}": "", `{list: "7"}`: "7"} {
			exp, err := Parse("small.yaml", "", []byte(strings.NewReplacer("PARTS", parts, "TEST", test).Replace(file)))
			if err != nil {
				t.Errorf("%s, %s: %v", parts, test, err)
				continue
			}
			counts := [3]int{exp.TestCount("good"), exp.TestCount("crack"), exp.TestCount("list")}
			if exp.Dataset.Parts != want || exp.Conditions.Test.List != list || (list == "") != (counts == [3]int{4, 2, 3}) {
				t.Errorf("%s, %s: %+v, %q, %v", parts, test, exp.Dataset.Parts, exp.Conditions.Test.List, counts)
			}
		}
	}
	exp, err := Parse("small.yaml", "", []byte(strings.NewReplacer("PARTS", "", "TEST", "{good: 1, defects: 1}").Replace(file)),
		"dataset.parts=folder", "conditions.test={list: test.csv}")
	if err != nil || !exp.Dataset.Parts.Folder || exp.Conditions.Test.List != "test.csv" {
		t.Errorf("--set: %+v, %v", exp, err)
	}
}
