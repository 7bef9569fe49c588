package experiment

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
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

// origin is where an experiment's values were given.
type origin struct {
	file      string
	overrides []*override
	places    map[string]*token.Position // by path
}

// place finds a value in the file, or else the nearest part of its path that
// is there: for a missing key, its section.
func (o *origin) place(path string) *token.Position {
	for path != "" {
		if at, ok := o.places[path]; ok {
			return at
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return &token.Position{Line: 1, Column: 1}
}

// at is an error at a position, which is in the file or in a flag.
func (o *origin) at(at *token.Position, message string, cause error) *Error {
	for _, change := range o.overrides {
		if change.places[at] {
			return &Error{File: flagOf(change.text), Message: message, Cause: cause}
		}
	}
	return &Error{o.file, at.Line, at.Column, message, cause}
}

// Fault is an error that a look at what the file refers to has found, with the place
// of the value that it is about, by its path: dataset.root, dataset.defects[1]. An
// error that has a place keeps it.
func (e *Experiment) Fault(path string, err error) error {
	var placed *Error
	if err == nil || e.origin == nil || errors.As(err, &placed) {
		return err
	}
	return e.origin.at(e.origin.place(path), err.Error(), err)
}

// ClassKey is the path of a class's name.
func (d Dataset) ClassKey(class string) string {
	if i := slices.Index(d.Defects, class); i >= 0 {
		return item("dataset.defects", i)
	}
	return "dataset.good"
}

// TestKey is the path of what says how many photos of a class are tested on, or of the
// list that says which.
func (e *Experiment) TestKey(class string) string {
	const key = "conditions.test"
	if e.Conditions == nil || e.Conditions.Test.List != "" {
		return key
	}
	return child(key, e.testEntry(class))
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
