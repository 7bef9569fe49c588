package plan

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// Difference is a field in which two tasks of one cell differ.
type Difference struct {
	Field  string `json:"field"` // learning_rate, instance.images, version, input
	Before string `json:"before"`
	After  string `json:"after"`
}

func (d Difference) String() string { return fmt.Sprintf("%s %s → %s", d.Field, d.Before, d.After) }

// differ lists the fields in which two identities differ, of which after is written without
// white space. name says what a Ref refers to.
func differ(before, after json.RawMessage, name func(stage.Ref) string) ([]Difference, error) {
	was, err := fieldsOf(before)
	if err != nil {
		return nil, err
	}
	is, err := fieldsOf(after)
	if err != nil {
		return nil, err
	}
	d, a, b := comparison{name: name}, tree{}, tree{}
	for field, text := range was { // most are equal, and long: they need not be decoded
		if isCompact(text, is[field]) {
			delete(was, field)
			delete(is, field)
		}
	}
	changed := maps.Clone(is)
	maps.Copy(changed, was)
	fields := slices.Sorted(maps.Keys(changed))
	for _, field := range fields {
		if err := errors.Join(a.read(field, was[field]), b.read(field, is[field])); err != nil {
			return nil, err
		}
	}
	for i := range max(len(a.inputs), len(b.inputs)) {
		if was, is := at(a.inputs, i), at(b.inputs, i); was != is {
			d.add("input", d.scalar(was), d.scalar(is))
		}
	}
	for _, field := range fields {
		d.walk(field, a.fields[field], b.fields[field])
	}
	return d.found, nil
}

// fieldsOf takes an identity apart: the fields of its spec, and its version.
func fieldsOf(text json.RawMessage) (map[string]json.RawMessage, error) {
	fields := map[string]json.RawMessage{}
	if err := store.Fields(fields, text); err != nil {
		return nil, err
	}
	spec, version := fields["spec"], fields["version"]
	clear(fields)
	fields["version of the code"] = version
	return fields, store.Fields(fields, spec)
}

// isCompact says whether compact is text without the white space between its tokens.
func isCompact(text, compact []byte) bool {
	for len(text) > 0 {
		n := 1
		switch text[0] {
		case ' ', '\n':
			text = text[1:]
			continue
		case '"':
			n = store.StringEnd(text)
		}
		if !bytes.HasPrefix(compact, text[:n]) {
			return false
		}
		text, compact = text[n:], compact[n:]
	}
	return len(compact) == 0
}

func at(list []string, i int) any {
	if i < len(list) {
		return list[i]
	}
	return nil
}

// tree is the decoded fields of an identity. Artifacts in it are replaced by their number, and
// listed: one changed input is one difference, however many of its images are used.
type tree struct {
	fields  map[string]any
	inputs  []string
	numbers map[string]int
}

// read decodes a field; one that is not there is nil.
func (t *tree) read(field string, text json.RawMessage) error {
	if t.fields == nil {
		t.fields, t.numbers = map[string]any{}, map[string]int{}
	}
	if len(text) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber() // 1e-4 stays as it is
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	t.fields[field] = t.numbered(value)
	return nil
}

// numbered replaces artifacts by their numbers.
func (t *tree) numbered(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(v)) {
			v[key] = t.numbered(v[key])
		}
	case []any:
		for i := range v {
			v[i] = t.numbered(v[i])
		}
	case string:
		kind, key, file, ok := stage.Ref(v).Artifact()
		if !ok {
			return v
		}
		artifact := string(stage.Artifact(kind, key, ""))
		if _, known := t.numbers[artifact]; !known {
			t.numbers[artifact] = len(t.inputs)
			t.inputs = append(t.inputs, artifact)
		}
		return fmt.Sprintf("input %d %s", t.numbers[artifact], file)
	}
	return value
}

// comparison collects the differences between two trees.
type comparison struct {
	name  func(stage.Ref) string
	found []Difference
}

func (c *comparison) add(field, before, after string) {
	c.found = append(c.found, Difference{field, before, after})
}

func (c *comparison) walk(path string, before, after any) {
	was, isMap := before.(map[string]any)
	is, both := after.(map[string]any)
	if isMap && both {
		keys := maps.Clone(was)
		maps.Copy(keys, is)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			c.walk(strings.TrimPrefix(path+"."+key, "."), was[key], is[key])
		}
		return
	}
	wasList, isList := before.([]any)
	isList2, bothLists := after.([]any)
	if isList && bothLists {
		c.lists(path, wasList, isList2)
		return
	}
	if a, b := canonical(before), canonical(after); a != b {
		c.add(path, c.scalar(before), c.scalar(after))
	}
}

// lists compares two lists as bags: what went and what came.
func (c *comparison) lists(path string, before, after []any) {
	counts := map[string]int{}
	for _, element := range before {
		counts[canonical(element)]++
	}
	var came []any
	for _, element := range after {
		if text := canonical(element); counts[text] > 0 {
			counts[text]--
		} else {
			came = append(came, element)
		}
	}
	var went []any
	for i := len(before) - 1; i >= 0; i-- {
		if text := canonical(before[i]); counts[text] > 0 {
			counts[text]--
			went = append(went, before[i])
		}
	}
	slices.Reverse(went)
	switch {
	case len(came) > 0 || len(went) > 0:
		c.add(path, c.some(went, len(before)), c.some(came, len(after)))
	case canonical(before) != canonical(after):
		c.add(path, "one order", "another order")
	}
}

// some names a few elements of a list of n.
func (c *comparison) some(elements []any, n int) string {
	const shown = 3
	names := make([]string, min(shown, len(elements)))
	for i := range names {
		names[i] = c.scalar(elements[i])
	}
	if more := len(elements) - shown; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	if len(names) == 0 {
		return fmt.Sprintf("%d in all", n)
	}
	return fmt.Sprintf("%s (%d of %d)", strings.Join(names, ", "), len(elements), n)
}

// scalar writes a value for people.
func (c *comparison) scalar(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case string:
		return c.name(stage.Ref(v))
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, key+" "+c.scalar(v[key]))
		}
		return strings.Join(parts, " ")
	}
	return canonical(value)
}

func canonical(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value) // no value that was decoded from JSON comes here
	}
	return string(text)
}

// refName says what a Ref refers to, for people.
func (p *Plan) refName(ref stage.Ref) string {
	const digits = 10
	if img, ok := p.Image(ref); ok {
		_, fragment := ref.Whole()
		return img.Name + fragment
	}
	if kind, key, _, ok := ref.Artifact(); ok {
		return kind + ":" + key[:min(digits, len(key))]
	}
	if hash, ok := ref.Hash(); ok {
		return "a file with hash " + hash[:min(digits, len(hash))]
	}
	return ref.Name()
}
