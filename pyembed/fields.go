package pyembed

import (
	"reflect"
	"slices"
	"strings"
	"sync"
)

// field is an exported field of a struct as Python sees it: a key of a dict.
type field struct {
	key       string
	index     []int
	omitEmpty bool
}

var fieldCache sync.Map // reflect.Type → []field

// fieldsOf lists the fields of a struct by their py tag, or else their json
// tag, or else their name. Fields of untagged embedded structs are the
// struct's own, as in encoding/json; a pointer to a struct is not flattened.
func fieldsOf(t reflect.Type) []field {
	if cached, ok := fieldCache.Load(t); ok {
		return cached.([]field)
	}
	var fields []field
	for i := range t.NumField() {
		f := t.Field(i)
		key, omitEmpty := tagOf(f)
		switch {
		case key == "-":
		case f.Anonymous && key == "" && f.Type.Kind() == reflect.Struct:
			for _, inner := range fieldsOf(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				fields = append(fields, inner)
			}
		case f.IsExported():
			if key == "" {
				key = f.Name
			}
			fields = append(fields, field{key, f.Index, omitEmpty})
		}
	}
	fields = shallowest(fields)
	fieldCache.Store(t, fields)
	return fields
}

// shallowest keeps, of fields with the same key, the least embedded one.
func shallowest(fields []field) []field {
	depth := map[string]int{}
	for _, f := range fields {
		if d, ok := depth[f.key]; !ok || len(f.index) < d {
			depth[f.key] = len(f.index)
		}
	}
	return slices.DeleteFunc(fields, func(f field) bool { return len(f.index) > depth[f.key] })
}

func tagOf(f reflect.StructField) (key string, omitEmpty bool) {
	tag, ok := f.Tag.Lookup("py")
	if !ok {
		tag = f.Tag.Get("json")
	}
	key, options, _ := strings.Cut(tag, ",")
	for option := range strings.SplitSeq(options, ",") {
		omitEmpty = omitEmpty || option == "omitempty"
	}
	return key, omitEmpty
}

// isEmpty is what omitempty leaves out, as in encoding/json.
func isEmpty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}
