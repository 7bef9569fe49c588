package experiment

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/token"
)

// A path names a value of the file as errors show it: lora.rank, seeds[1] or
// conditions.training_sets."real + generated".

// plain keys stand in paths as they are, others in quotes.
var plain = regexp.MustCompile(`^\w+$`)

// child is the path of a key in a mapping.
func child(path, key string) string {
	if !plain.MatchString(key) {
		key = strconv.Quote(key)
	}
	return strings.TrimPrefix(path+"."+key, ".")
}

// item is the path of a list's i-th value.
func item(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }

// place finds a value in the file, or else the nearest part of its path that
// is there: for a missing key, its section.
func (d *decoder) place(path string) *token.Position {
	for path != "" {
		if at, ok := d.places[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return &token.Position{Line: 1, Column: 1}
}

// subject begins an error about the value at a path.
func subject(path string) string {
	if path == "" {
		return "experiment file: "
	}
	return path + ": "
}

// inside says which section a key is in.
func inside(path string) string {
	if path == "" {
		return ""
	}
	return " in " + path
}
