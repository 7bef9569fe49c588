package experiment

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// override is a value that the command line gives in place of the file's:
// --set lora.rank=16. Its path is written as errors write paths.
type override struct {
	text   string // path=value
	steps  []step
	value  ast.Node
	places map[*token.Position]bool // of its parts: an error there is the flag's
}

// step goes from a value to one of its parts: a key of a mapping, or else an item of a list.
type step struct {
	key    string
	item   int
	inList bool
}

// flagOf names an override in errors.
func flagOf(text string) string { return "--set " + text }

// parseOverride reads path=value; the value is YAML, and an empty one leaves the key out.
func parseOverride(text string) (*override, *fault) {
	o := &override{text: text, places: map[*token.Position]bool{}}
	rest, err := o.parsePath(text)
	if err != nil {
		return nil, &fault{nil, err.Error()}
	}
	file, err := parser.ParseBytes([]byte(rest), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, located(err)
	}
	for _, doc := range file.Docs {
		if o.value != nil && doc.Body != nil {
			return nil, &fault{nil, "the value is more than one YAML document"}
		}
		o.value = doc.Body
	}
	if o.value == nil {
		o.value = ast.Null(o.token("null"))
	}
	ast.Walk(o, o.value)
	return o, nil
}

// Visit implements ast.Visitor: it collects the places of the value's parts.
func (o *override) Visit(node ast.Node) ast.Visitor {
	o.places[start(node)] = true
	o.places[node.GetToken().Position] = true
	return o
}

// token is one that stands in the flag, for parts that the value implies.
func (o *override) token(text string) *token.Token {
	at := &token.Position{Line: 1, Column: 1}
	o.places[at] = true
	return token.New(text, text, at)
}

// parsePath reads the steps before the equals sign, and returns what follows.
func (o *override) parsePath(text string) (value string, err error) {
	wrong := errors.New(`want path=value, such as lora.rank=16, seeds=[0, 1, 2] or 'patterns.matrix[0].steps=[10, 20]'`)
	for rest := text; ; {
		next := step{}
		if quoted, err := strconv.QuotedPrefix(rest); err == nil {
			next.key, _ = strconv.Unquote(quoted)
			rest = rest[len(quoted):]
		} else {
			end := strings.IndexAny(rest, `.[="`)
			if end < 1 {
				return "", wrong
			}
			next.key, rest = strings.TrimSpace(rest[:end]), rest[end:]
		}
		o.steps = append(o.steps, next)
		for strings.HasPrefix(rest, "[") {
			number, after, closed := strings.Cut(rest[1:], "]")
			index, err := strconv.Atoi(number)
			if err != nil || !closed || index < 0 {
				return "", wrong
			}
			o.steps = append(o.steps, step{item: index, inList: true})
			rest = after
		}
		switch {
		case strings.HasPrefix(rest, "="):
			return rest[1:], nil
		case !strings.HasPrefix(rest, "."):
			return "", wrong
		}
		rest = rest[1:]
	}
}

// apply puts the value into a file's tree and returns the tree.
func (o *override) apply(root ast.Node) (ast.Node, error) { return o.put(root, "", o.steps) }

// put returns node with the value at the end of the steps. path is node's own.
func (o *override) put(node ast.Node, path string, steps []step) (ast.Node, error) {
	if len(steps) == 0 {
		return o.value, nil
	}
	switch n := node.(type) {
	case *ast.AnchorNode:
		value, err := o.put(n.Value, path, steps)
		n.Value = value
		return n, err
	case *ast.AliasNode:
		return nil, o.fault("%sis *%s, which stands elsewhere: change it there, or write it out here", subject(path), n.Value.GetToken().Value)
	}
	if steps[0].inList {
		return o.putItem(node, path, steps)
	}
	return o.putKey(node, path, steps)
}

func (o *override) putItem(node ast.Node, path string, steps []step) (ast.Node, error) {
	list, ok := node.(*ast.SequenceNode)
	if !ok {
		return nil, o.fault("%swant a list, got %s", subject(path), describe(node))
	}
	i := steps[0].item
	if i >= len(list.Values) {
		return nil, o.fault("there is no %s: the list has %d %s, counted from 0", item(path, i), len(list.Values), english.PluralWord(len(list.Values), "value", ""))
	}
	value, err := o.put(list.Values[i], item(path, i), steps[1:])
	list.Values[i] = value
	return list, err
}

// putKey replaces a key of a mapping or adds it; what is empty becomes a mapping.
func (o *override) putKey(node ast.Node, path string, steps []step) (ast.Node, error) {
	key := ast.String(o.token(steps[0].key))
	var pairs []*ast.MappingValueNode
	switch n := node.(type) {
	case *ast.MappingNode:
		pairs = n.Values
	case *ast.MappingValueNode:
		pairs = []*ast.MappingValueNode{n}
	case *ast.NullNode:
		node = ast.Mapping(o.token("{"), true)
	default:
		return nil, o.fault("%swant a mapping, got %s", subject(path), describe(node))
	}
	at := child(path, steps[0].key)
	for _, pair := range pairs {
		if name, _, ok := scalar(pair.Key); ok && name == steps[0].key {
			value, err := o.put(pair.Value, at, steps[1:])
			pair.Value = value
			if len(steps) == 1 {
				pair.Key = key
			}
			return node, err
		}
	}
	value, err := o.put(ast.Null(o.token("null")), at, steps[1:])
	pair := ast.MappingValue(o.token(":"), key, value)
	if mapping, ok := node.(*ast.MappingNode); ok {
		mapping.Values = append(mapping.Values, pair)
		return mapping, err
	}
	return ast.Mapping(node.GetToken(), true, append(pairs, pair)...), err
}

// fault is a mistake of the flag.
func (o *override) fault(format string, args ...any) error {
	return &fault{o.token("").Position, fmt.Sprintf(format, args...)}
}
