package experiment

import (
	_ "embed"
	"encoding/json"
	"maps"
	"slices"
)

//go:embed choices.json
var choicesFile []byte

// Choices lists what settings of an experiment file may be, by their names, where
// that is one of a few words; classifier.weights may be a file as well. It is the table
// that the Python stages are held to, too (scripts/tests/test_choices.py): a word is
// added there, and to what it names. Words of which more is known have a table each.
var Choices = func() map[string][]string {
	table := table[map[string][]string](choicesFile)
	table["classifier.model"] = slices.Sorted(maps.Keys(Backbones))
	table["generate.method"] = slices.Sorted(maps.Keys(Methods))
	table["lora.optimizer"] = slices.Sorted(maps.Keys(Optimizers))
	table["lora.schedule"] = slices.Sorted(maps.Keys(Schedules))
	return table
}()

// Assignments lists what can be written for a shell to complete, in place of what a
// file says: "lora.rank=", and of a key with choices "lora.precision=bf16".
func Assignments() []string {
	var list []string
	for _, setting := range everything().settings() {
		choices := Choices[setting.Path]
		if choices == nil {
			choices = []string{""}
		}
		for _, choice := range choices {
			list = append(list, setting.Path+"="+choice)
		}
	}
	return list
}

// everything is an experiment with all sections, by their defaults.
func everything() *Experiment {
	exp := defaults()
	exp.Patterns, exp.Conditions, exp.Reference = &Patterns{}, &Conditions{}, &Reference{}
	exp.Dataset.Crop = &Crop{}
	return exp
}

func table[T any](text []byte) (read T) {
	if err := json.Unmarshal(text, &read); err != nil {
		panic(err) // a mistake in the program, which no test would let pass
	}
	return read
}
