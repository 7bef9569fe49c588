package experiment

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// Error is something wrong in an experiment file, at a place in it, or in a
// value that the command line gives in its stead.
type Error struct {
	File         string // or the flag
	Line, Column int    // from 1; 0 for a flag
	Message      string
	Cause        error // of a mistake that only what the file refers to shows; nil for one of the file alone
}

func (e *Error) Unwrap() error { return e.Cause }

func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Message)
}

// fault is a mistake at a place in the file.
type fault struct {
	at      *token.Position
	message string
}

func (f *fault) Error() string { return f.message }

func faultAt(node ast.Node, format string, args ...any) error {
	return &fault{start(node), fmt.Sprintf(format, args...)}
}

// located finds the place of an error of the parser or the decoder.
func located(err error) *fault {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	var syntax yaml.Error
	if !errors.As(err, &syntax) || syntax.GetToken() == nil {
		return &fault{&token.Position{Line: 1, Column: 1}, "not YAML: " + err.Error()}
	}
	message := syntax.GetMessage()
	if opensBraces(syntax.GetToken()) {
		message = "in braces and brackets, ${…} needs quotes: \"${NAME}/folder\""
	}
	if strings.HasPrefix(message, "found character '\t'") {
		message = "this is a tab, and YAML is indented with spaces"
	}
	return &fault{syntax.GetToken().Position, "not YAML: " + strings.Join(strings.Fields(message), " ")}
}

// opensBraces reports whether a token comes after an unquoted ${ of its line, which
// YAML takes for a mapping that opens in a list or a mapping in braces.
func opensBraces(t *token.Token) bool {
	for line := t.Position.Line; t != nil && t.Position.Line == line; t = t.Prev {
		if t.Type == token.MappingStartType && t.Prev != nil && strings.HasSuffix(t.Prev.Value, "$") {
			return true
		}
	}
	return false
}

func mismatch(node ast.Node, path, want string) error {
	return faultAt(node, "%swant %s, got %s", subject(path), want, describe(node))
}

// describe says what a node is, to somebody who knows YAML.
func describe(node ast.Node) string {
	switch node.(type) {
	case ast.MapNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.NullNode:
		return "nothing"
	}
	text, quoted, ok := scalar(node)
	switch _, isBool := node.(*ast.BoolNode); {
	case !ok:
		return "a YAML " + strings.ToLower(node.Type().YAMLName())
	case isBool, !quoted && number.MatchString(text):
		return text
	}
	const shown = 40
	if runes := []rune(text); len(runes) > shown {
		text = string(runes[:shown]) + "…"
	}
	return fmt.Sprintf("the text %q", text)
}
