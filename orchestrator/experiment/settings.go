package experiment

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Setting is one value of an experiment, by its path in the file.
type Setting struct{ Path, Value string }

// Settings lists every value of the experiment, defaults filled in, in the
// order of the sections; options of methods where one of its methods has them.
func (e *Experiment) Settings() []Setting {
	return slices.DeleteFunc(e.settings(), func(s Setting) bool {
		key, ok := strings.CutPrefix(s.Path, "generate.")
		_, option := optionFields[key]
		return ok && option && !e.takesOption(key)
	})
}

// settings lists the options of all methods as well.
func (e *Experiment) settings() []Setting {
	var list []Setting
	add := func(path string, value any) { list = append(list, Setting{path, fmt.Sprint(value)}) }
	walk(reflect.ValueOf(*e), "", add)
	return list
}

// walk calls add for the values of a struct that the file can name.
func walk(of reflect.Value, path string, add func(string, any)) {
	for _, field := range reflect.VisibleFields(of.Type()) {
		name := field.Tag.Get("yaml")
		if name == "" || name == "-" {
			continue
		}
		walkValue(of.FieldByIndex(field.Index), child(path, name), add)
	}
}

func walkValue(value reflect.Value, path string, add func(string, any)) {
	switch special := value.Interface().(type) {
	case selfWritten:
		if text := special.written(); text != "" {
			add(path, text)
		}
		return
	case TrainingSets:
		for _, set := range special {
			text := fmt.Sprintf("good: %d real, %d generated; each defect: %d real, %d generated",
				set.Good.Real, set.Good.Generated, set.Defects.Real, set.Defects.Generated)
			if set.Good.Decoded+set.Defects.Decoded > 0 {
				text += fmt.Sprintf("; decoded: %d good, %d of each defect", set.Good.Decoded, set.Defects.Decoded)
			}
			if how := set.Generate.written(); how != "" {
				text += "; " + how
			}
			add(child(path, set.Name), text)
		}
		return
	case Detectors:
		for _, detector := range special {
			add(child(path, detector.Name), detector.text())
		}
		return
	}
	switch value.Kind() {
	case reflect.Pointer:
		if !value.IsNil() {
			walk(value.Elem(), path, add)
		}
	case reflect.Struct:
		walk(value, path, add)
	case reflect.Slice:
		if value.Len() > 0 && value.Index(0).Kind() == reflect.Struct {
			for i := range value.Len() {
				walkValue(value.Index(i), item(path, i), add)
			}
			return
		}
		add(path, commas(value))
	case reflect.Map:
		add(path, pairs(value))
	default:
		add(path, value.Interface())
	}
}

// selfWritten is a value that writes itself.
type selfWritten interface{ written() string }

// written lists a sweep's keys with their values.
func (s Sweep[T]) written() string {
	var parts []string
	for _, a := range s.axes {
		var values []string
		for _, value := range a.values {
			if value.Kind() == reflect.Map {
				values = append(values, pairs(value))
				continue
			}
			values = append(values, fmt.Sprint(value))
		}
		parts = append(parts, a.path+": "+strings.Join(values, ", "))
	}
	return strings.Join(parts, "; ")
}

// commas writes a list.
func commas(list reflect.Value) string {
	var values []string
	for i := range list.Len() {
		values = append(values, fmt.Sprint(list.Index(i)))
	}
	return strings.Join(values, ", ")
}

// pairs writes a mapping of names in their order.
func pairs(mapping reflect.Value) string {
	texts := map[string]string{}
	for entries := mapping.MapRange(); entries.Next(); {
		texts[entries.Key().String()] = fmt.Sprint(entries.Value())
	}
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		parts = append(parts, name+" "+texts[name])
	}
	return strings.Join(parts, ", ")
}
