package experiment

import (
	_ "embed"
	"encoding/json"
)

//go:embed choices.json
var choicesFile []byte

// Choices lists what settings of an experiment file may be, by their names, where
// that is one of a few words. It is the table that the Python stages are held to
// as well (scripts/tests/test_choices.py): a word is added there, and to what it
// names.
var Choices = func() map[string][]string {
	var table map[string][]string
	if err := json.Unmarshal(choicesFile, &table); err != nil {
		panic(err) // a mistake in the program, which no test would let pass
	}
	return table
}()
