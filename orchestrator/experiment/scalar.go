package experiment

import (
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// number is YAML 1.2's form of a finite number (core schema, section 10.3.2).
var number = regexp.MustCompile(`^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`)

// decodeScalar stores a single value. Numbers in quotes are text, and numbers
// where text is wanted are taken as they are written: a class may be named 001.
func decodeScalar(node ast.Node, path string, into reflect.Value) error {
	text, quoted, ok := scalar(node)
	isNumber := ok && !quoted && number.MatchString(text)
	switch into.Kind() {
	case reflect.Int, reflect.Int64:
		if isNumber {
			return decodeWhole(node, path, text, into)
		}
		return mismatch(node, path, "a whole number")
	case reflect.Float64:
		if !isNumber {
			return mismatch(node, path, "a number")
		}
		value, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return faultAt(node, "%s%s is too large", subject(path), text)
		}
		into.SetFloat(value)
	case reflect.Bool:
		value, isBool := node.(*ast.BoolNode)
		if !isBool {
			return mismatch(node, path, "true or false")
		}
		into.SetBool(value.Value)
	case reflect.String:
		if _, isBool := node.(*ast.BoolNode); !ok || isBool {
			return mismatch(node, path, "text (in quotes if it looks like something else)")
		}
		into.SetString(text)
	default:
		panic(fmt.Sprintf("experiment: no decoding into %s", into.Type()))
	}
	return nil
}

// decodeWhole stores a whole number, which may be written as 1e3.
func decodeWhole(node ast.Node, path, text string, into reflect.Value) error {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		float, _ := strconv.ParseFloat(text, 64)
		if float != math.Trunc(float) {
			return mismatch(node, path, "a whole number")
		}
		const exact = 1 << 53 // the whole numbers that a float64 holds
		if math.Abs(float) > exact {
			return faultAt(node, "%s%s is too large", subject(path), text)
		}
		value = int64(float)
	}
	if into.OverflowInt(value) {
		return faultAt(node, "%s%s is too large", subject(path), text)
	}
	into.SetInt(value)
	return nil
}

// scalar returns the text of a single value or key, and whether it can be
// nothing but text. ok is false for lists, mappings and empty values.
func scalar(node ast.Node) (text string, quoted, ok bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		quoted := n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
		return n.Value, quoted, true
	case *ast.LiteralNode: // | and >
		return n.Value.Value, true, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		return n.GetToken().Value, false, true
	case *ast.MappingKeyNode: // ? key
		return scalar(n.Value)
	}
	return "", false, false
}

func isScalar(node ast.Node) bool {
	_, _, ok := scalar(node)
	return ok
}

// start is where a node begins.
func start(node ast.Node) *token.Position {
	switch n := node.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return start(n.Values[0].Key)
		}
	case *ast.MappingValueNode:
		return start(n.Key)
	}
	return node.GetToken().Position
}
