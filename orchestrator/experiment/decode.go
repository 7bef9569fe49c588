package experiment

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/goccy/go-yaml/ast" // YAML with the position of every value; MIT
	"github.com/goccy/go-yaml/token"
)

// decoder fills an experiment from a YAML tree. It is strict and speaks the
// language of the file, where goccy's own decoder rounds 8.5 to 8, passes over
// keys that are numbers, and names Go types in its errors.
type decoder struct {
	places  map[string]*token.Position // where a value is, by its path: lora.rank, seeds[1]
	anchors map[string]ast.Node
	given   map[string]bool // paths of the single values that the file gives
}

// decode stores a node in into. path is the value's name in errors, "" for the
// whole file. A value that is left empty keeps its default.
func (d *decoder) decode(node ast.Node, path string, into reflect.Value) error {
	node, err := d.resolve(node)
	if err != nil {
		return err
	}
	if _, placed := d.places[path]; !placed || isScalar(node) {
		d.places[path] = start(node)
	}
	switch special := into.Addr().Interface().(type) {
	case *TrainingSets:
		return d.decodeTrainingSets(node, path, special)
	case *Detectors:
		return d.decodeDetectors(node, path, special)
	case *Parts:
		return d.decodeParts(node, path, special)
	case *Fit:
		return d.decodeFit(node, path, special)
	case *TestPhotos:
		return d.decodeTest(node, path, special)
	case sweep:
		return d.decodeSweep(node, path, special)
	}
	switch into.Kind() {
	case reflect.Pointer:
		into.Set(reflect.New(into.Type().Elem()))
		return d.decode(node, path, into.Elem())
	case reflect.Struct:
		return d.decodeStruct(node, path, into)
	case reflect.Map:
		return d.decodeMap(node, path, into)
	case reflect.Slice:
		return d.decodeList(node, path, into)
	}
	d.given[path] = true
	return decodeScalar(node, path, into)
}

// resolve follows anchors and aliases.
func (d *decoder) resolve(node ast.Node) (ast.Node, error) {
	switch n := node.(type) {
	case *ast.AnchorNode:
		value, err := d.resolve(n.Value)
		if err == nil {
			d.anchors[n.Name.GetToken().Value] = value
		}
		return value, err
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		if value, ok := d.anchors[name]; ok {
			return value, nil
		}
		return nil, faultAt(n, "*%s refers to nothing: no &%s comes before it", name, name)
	case *ast.TagNode:
		return nil, faultAt(n, "tags such as %s are not supported: write the value alone", n.Start.Value)
	}
	return node, nil
}

// decodeStruct reads the keys that the fields' yaml tags name, and no others.
func (d *decoder) decodeStruct(node ast.Node, path string, into reflect.Value) error {
	return d.eachField(node, path, into.Type(), func(key entry, field reflect.StructField) error {
		return d.decode(key.value, key.path, into.FieldByIndex(field.Index))
	})
}

// eachField calls f with the keys of a mapping that name fields of a struct and
// have a value. Fields of an embedded struct count as the struct's own.
func (d *decoder) eachField(node ast.Node, path string, of reflect.Type, f func(entry, reflect.StructField) error) error {
	fields := map[string]reflect.StructField{}
	var known []string
	for _, field := range reflect.VisibleFields(of) {
		if name := field.Tag.Get("yaml"); name != "" && name != "-" {
			fields[name] = field
			known = append(known, name)
		}
	}
	return d.eachKey(node, path, func(key entry) error {
		field, ok := fields[key.name]
		if !ok {
			return &fault{key.at, fmt.Sprintf("unknown key %q%s: known are %s", key.name, inside(path), strings.Join(known, ", "))}
		}
		if key.value.Type() == ast.NullType {
			return nil
		}
		return f(key, field)
	})
}

// decodeMap reads a mapping whose keys the file chooses; its values' places are those of the keys.
func (d *decoder) decodeMap(node ast.Node, path string, into reflect.Value) error {
	into.Set(reflect.MakeMap(into.Type()))
	return d.eachKey(node, path, func(key entry) error {
		value := reflect.New(into.Type().Elem()).Elem()
		if err := d.decode(key.value, key.path, value); err != nil {
			return err
		}
		d.places[key.path] = key.at
		into.SetMapIndex(reflect.ValueOf(key.name), value)
		return nil
	})
}

// decodeTrainingSets reads a mapping of names to sets in the file's order,
// which is the order of every table.
func (d *decoder) decodeTrainingSets(node ast.Node, path string, into *TrainingSets) error {
	return d.eachKey(node, path, func(key entry) error {
		set := TrainingSet{Name: key.name}
		if err := d.decode(key.value, key.path, reflect.ValueOf(&set).Elem()); err != nil {
			return err
		}
		*into = append(*into, set)
		return nil
	})
}

// decodeDetectors reads a mapping of names to detectors, likewise.
func (d *decoder) decodeDetectors(node ast.Node, path string, into *Detectors) error {
	return d.eachKey(node, path, func(key entry) error {
		detector := Detector{Name: key.name, Detection: usualDetection}
		err := d.decode(key.value, key.path, reflect.ValueOf(&detector).Elem())
		*into = append(*into, detector)
		return err
	})
}

func (d *decoder) decodeList(node ast.Node, path string, into reflect.Value) error {
	list, isList := node.(*ast.SequenceNode)
	if !isList {
		return faultAt(node, "%swant a list, such as [a, b], got %s", subject(path), describe(node))
	}
	into.Set(reflect.MakeSlice(into.Type(), len(list.Values), len(list.Values)))
	for i, value := range list.Values {
		if err := d.decode(value, item(path, i), into.Index(i)); err != nil {
			return err
		}
	}
	return nil
}

// entry is one key of a mapping.
type entry struct {
	name  string
	path  string
	at    *token.Position // of the key
	value ast.Node
}

// eachKey calls f with the keys of a mapping, in the file's order.
func (d *decoder) eachKey(node ast.Node, path string, f func(entry) error) error {
	mapping, ok := node.(ast.MapNode)
	if !ok {
		return faultAt(node, "%swant a mapping, such as {key: value}, got %s", subject(path), describe(node))
	}
	given := map[string]*token.Position{}
	for pairs := mapping.MapRange(); pairs.Next(); {
		key, at := pairs.Key(), start(pairs.Key())
		if key.IsMergeKey() {
			return faultAt(key, "merge keys (<<) are not supported: write the keys out")
		}
		name, _, ok := scalar(key)
		if !ok {
			return faultAt(key, "a key%s is not plain text", inside(path))
		}
		if first, twice := given[name]; twice {
			return &fault{at, fmt.Sprintf("key %q%s is given twice, first in line %d", name, inside(path), first.Line)}
		}
		given[name] = at
		e := entry{name, child(path, name), at, pairs.Value()}
		d.places[e.path] = at
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}
