package experiment

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Error is something wrong in an experiment file, at a place in it.
type Error struct {
	File         string
	Line, Column int // from 1
	Message      string
}

func (e *Error) Error() string {
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// Load reads, completes and checks an experiment file. Every error in the file
// is an *Error with its line and column.
func Load(path string) (*Experiment, error) {
	source, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("experiment file: %w", err)
	}
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	return Parse(path, dir, source)
}

// Parse is Load for a text already read; name stands in errors, dir is where
// the file's relative paths start.
func Parse(name, dir string, source []byte) (*Experiment, error) {
	exp := defaults()
	exp.Dir = dir
	decoder := yaml.NewDecoder(bytes.NewReader(source), yaml.Strict())
	if err := decoder.Decode(exp); err != nil {
		return nil, positioned(name, err)
	}
	file, err := parser.ParseBytes(source, 0)
	if err != nil {
		return nil, positioned(name, err)
	}
	if len(file.Docs) > 1 {
		return nil, &Error{name, 1, 1, "more than one YAML document; an experiment file holds one"}
	}
	exp.complete()
	if p := exp.problem(); p != nil {
		line, column := position(file, p.path)
		return nil, &Error{name, line, column, p.message}
	}
	return exp, nil
}

// positioned turns a decoder's error into an *Error.
func positioned(name string, err error) error {
	if errors.Is(err, io.EOF) {
		return &Error{name, 1, 1, "the file is empty"}
	}
	var located yaml.Error
	if errors.As(err, &located) && located.GetToken() != nil {
		at := located.GetToken().Position
		return &Error{name, at.Line, at.Column, located.GetMessage()}
	}
	return &Error{name, 1, 1, err.Error()}
}

// position finds a YAML path such as $.lora.rank in the file. A field that is
// missing is reported at the nearest part of its path that is there.
func position(file *ast.File, path string) (line, column int) {
	for path != "" {
		if p, err := yaml.PathString(path); err == nil {
			if node, err := p.FilterFile(file); err == nil && node != nil {
				at := node.GetToken().Position
				return at.Line, at.Column
			}
		}
		path = parentPath(path)
	}
	return 1, 1
}

// parentPath cuts the last .name or [index] off a YAML path; "" above the root.
func parentPath(path string) string {
	quoted := false
	for i := len(path) - 1; i > 0; i-- {
		switch {
		case path[i] == '\'':
			quoted = !quoted
		case !quoted && (path[i] == '.' || path[i] == '['):
			return path[:i]
		}
	}
	return ""
}
