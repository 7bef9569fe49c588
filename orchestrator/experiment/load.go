package experiment

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"unicode/utf8"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Load reads, completes and checks an experiment file. Every change, path=value,
// takes the place of what the file says there. An error in the file is an
// *Error with its line and column, one in a change names the change.
func Load(path string, changes ...string) (*Experiment, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("experiment file: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return Parse(path, dir, source, changes...)
}

// Parse is Load for a text already read; name stands in errors, dir is where
// the file's relative paths start.
func Parse(name, dir string, source []byte, changes ...string) (*Experiment, error) {
	exp := defaults()
	exp.Dir, exp.File, exp.Changes = dir, filepath.Join(dir, filepath.Base(name)), changes
	var overrides []*override
	for _, text := range changes {
		o, f := parseOverride(text)
		if f != nil {
			return nil, &Error{File: flagOf(text), Message: f.message}
		}
		overrides = append(overrides, o)
	}
	exp.origin = &origin{file: name, overrides: overrides, places: map[string]*token.Position{}}
	if f := parse(source, overrides, exp); f != nil {
		return nil, exp.origin.at(f.at, f.message, nil)
	}
	return exp, nil
}

// parse fills an experiment from a file's text, and returns the first mistake.
func parse(source []byte, overrides []*override, exp *Experiment) *fault {
	root, err := document(source)
	for _, o := range overrides {
		if err == nil {
			root, err = o.apply(root)
		}
	}
	d := &decoder{places: exp.origin.places, anchors: map[string]ast.Node{}, given: map[string]bool{}}
	if err == nil {
		err = d.decode(root, "", reflect.ValueOf(exp).Elem())
	}
	if err != nil {
		return located(err)
	}
	exp.complete(d.given)
	p := exp.problem()
	if p == nil {
		p = exp.optionProblem(d.given)
	}
	if p != nil {
		return &fault{exp.origin.place(p.path), p.message}
	}
	return nil
}

// document parses a YAML text that holds one document.
func document(source []byte) (ast.Node, error) {
	if bad := firstInvalid(source); bad >= 0 {
		line := bytes.Count(source[:bad], []byte("\n")) + 1
		column := utf8.RuneCount(source[bytes.LastIndexByte(source[:bad], '\n')+1:bad]) + 1
		return nil, &fault{&token.Position{Line: line, Column: column}, "the file is not UTF-8 text"}
	}
	source = bytes.TrimPrefix(source, []byte("\ufeff"))
	// The decoder finds duplicate keys itself, and says it more plainly.
	file, err := parser.ParseBytes(source, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, err
	}
	var root ast.Node
	for _, doc := range file.Docs {
		if _, directive := doc.Body.(*ast.DirectiveNode); directive { // %YAML 1.2
			continue
		}
		switch second := "a second YAML document starts here; an experiment file holds one"; {
		case root != nil && doc.Start != nil:
			return nil, &fault{doc.Start.Position, second}
		case root != nil && doc.Body != nil:
			return nil, faultAt(doc.Body, "%s", second)
		case doc.Body != nil:
			root = doc.Body
		}
	}
	if root == nil {
		return nil, &fault{&token.Position{Line: 1, Column: 1}, "the file is empty"}
	}
	return root, nil
}

// firstInvalid is the offset of the first byte that is not UTF-8, or -1.
func firstInvalid(source []byte) int {
	for at := 0; at < len(source); {
		r, size := utf8.DecodeRune(source[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}
