package experiment

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Sweep is what one mapping of the file says of a T: for some of its fields, a
// value or a list of values. It stands for the product of the lists.
type Sweep[T any] struct{ axes []axis }

// axis is one field with its values.
type axis struct {
	path   string // of the field in T: rank, generate.strength
	field  []int  // as reflect.Value.FieldByIndex takes it
	values []reflect.Value
	listed bool // written as a list
}

// sweep is what the decoder knows of a Sweep.
type sweep interface {
	of() reflect.Type
	add(axis)
}

func (s *Sweep[T]) of() reflect.Type { return reflect.TypeFor[T]() }
func (s *Sweep[T]) add(a axis)       { s.axes = append(s.axes, a) }

// decodeSweep reads a mapping of T's keys to values or lists of them.
func (d *decoder) decodeSweep(node ast.Node, path string, into sweep) error {
	return d.decodeAxes(node, path, into.of(), axis{}, into)
}

// decodeAxes reads the keys of T, or of a struct within it, which parent names.
func (d *decoder) decodeAxes(node ast.Node, path string, of reflect.Type, parent axis, into sweep) error {
	return d.eachField(node, path, of, func(key entry, field reflect.StructField) error {
		a := axis{path: child(parent.path, key.name), field: slices.Concat(parent.field, field.Index)}
		if field.Type.Kind() == reflect.Struct {
			return d.decodeAxes(key.value, key.path, field.Type, a, into)
		}
		if err := d.decodeValues(key, field.Type, &a); err != nil {
			return err
		}
		into.add(a)
		return nil
	})
}

// decodeValues reads one value, or each value of a list.
func (d *decoder) decodeValues(key entry, of reflect.Type, into *axis) error {
	node, err := d.resolve(key.value)
	if err != nil {
		return err
	}
	nodes := []ast.Node{node}
	if list, ok := node.(*ast.SequenceNode); ok {
		nodes, into.listed = list.Values, true
	}
	if len(nodes) == 0 {
		return faultAt(node, "%sthe list is empty: give at least one value, or leave the key out", subject(key.path))
	}
	for i, node := range nodes {
		at := key.path
		if into.listed {
			at = item(key.path, i)
		}
		value := reflect.New(of).Elem()
		if err := d.decode(node, at, value); err != nil {
			return err
		}
		into.values = append(into.values, value)
	}
	return nil
}

// variant is one member of a sweep's product.
type variant[T any] struct {
	value  T
	axes   []axis
	chosen []int // the place of its value in each axis
}

// expand multiplies a sweep's lists; what it does not name is as in base. The
// last axis runs fastest.
func (s *Sweep[T]) expand(base T) []variant[T] {
	variants := []variant[T]{{value: base, axes: s.axes}}
	for _, a := range s.axes {
		var product []variant[T]
		for _, v := range variants {
			for i, value := range a.values {
				next := v
				next.chosen = append(slices.Clone(v.chosen), i)
				reflect.ValueOf(&next.value).Elem().FieldByIndex(a.field).Set(value)
				product = append(product, next)
			}
		}
		variants = product
	}
	return variants
}

// has reports whether the file names a field.
func (v variant[T]) has(path string) bool {
	return slices.ContainsFunc(v.axes, func(a axis) bool { return a.path == path })
}

// place is where the file gives a field, or a part of one, its value; a field
// that it does not name is at the sweep's own place, at.
func (v variant[T]) place(at, path string) string {
	for i, a := range v.axes {
		part, ok := strings.CutPrefix(path+".", a.path+".")
		if !ok {
			continue
		}
		if at += "." + a.path; a.listed {
			at = item(at, v.chosen[i])
		}
		return strings.TrimSuffix(at+"."+part, ".")
	}
	return at
}

// at is place for a sweep that stands at a path.
func (v variant[T]) at(path string) func(key string) string {
	return func(key string) string { return v.place(path, key) }
}

// labels says what the variant's values are, for the axes that wanted holds of.
func (v variant[T]) labels(wanted func(axis, reflect.Value) bool) []string {
	return v.labelsIn("", wanted)
}

// labelsIn is labels where the sweep's keys are those of a section.
func (v variant[T]) labelsIn(section string, wanted func(axis, reflect.Value) bool) []string {
	var labels []string
	for i, a := range v.axes {
		if value := a.values[v.chosen[i]]; wanted(a, value) {
			labels = append(labels, label(strings.TrimPrefix(section+"."+a.path, "."), value))
		}
	}
	return labels
}

// label names a field's value in words: "5000 steps", "learning rate 0.0002".
func label(path string, value reflect.Value) string {
	switch path {
	case "steps":
		return fmt.Sprintf("%v steps", value)
	case "select.of", "generate.select.of":
		return fmt.Sprintf("1 of %v", value)
	case "select.by", "generate.select.by":
		return fmt.Sprintf("by %v", value)
	case "regularization": // beside the count of regularization images
		return fmt.Sprintf("mode %v", value)
	}
	words := strings.NewReplacer("generate.steps", "sampling steps", "generate.batch_size", "sampling batch size",
		"generate.precision", "sampling precision", "generate.", "", "_", " ").Replace(path)
	return fmt.Sprintf("%s %v", words, value)
}
