//go:build cgo

package pyembed

import (
	"strings"

	python3 "github.com/DataDog/go-python3"
)

// raised takes the exception that is set and describes it. No exception, not
// even SystemExit, ends the process.
func raised() error {
	class, value, trace := python3.PyErr_NormalizeException(python3.PyErr_Fetch())
	defer release(class, value, trace)
	if class == nil || value == nil {
		return &PythonError{Type: "SystemError", Message: "Python failed without an exception"}
	}
	if trace != nil {
		python3.PyException_SetTraceback(value, trace)
	}
	err := &PythonError{Type: className(class), Message: textOf(value)}
	err.Traceback = formatted(class, value, trace)
	if err.Traceback == "" {
		err.Traceback = err.Error() + "\n"
	}
	return err
}

// textOf is str(o), whatever class o has.
func textOf(o *python3.PyObject) string {
	str := o.Str()
	if str == nil {
		python3.PyErr_Clear()
		return "<no text: str() failed>"
	}
	defer str.DecRef()
	text, ok := goString(str)
	if !ok {
		python3.PyErr_Clear()
		return "<no text: lone surrogates>"
	}
	return text
}

// className is a class's qualified name, with the module unless it is builtins.
func className(class *python3.PyObject) string {
	var parts []string
	for _, attribute := range []string{"__module__", "__qualname__"} {
		name := class.GetAttrString(attribute)
		if name == nil {
			python3.PyErr_Clear()
			continue
		}
		if text := textOf(name); text != "builtins" {
			parts = append(parts, text)
		}
		name.DecRef()
	}
	return strings.Join(parts, ".")
}

// formatted is what traceback.format_exception makes of an exception, or "".
func formatted(class, value, trace *python3.PyObject) string {
	defer python3.PyErr_Clear()
	module := python3.PyImport_ImportModule("traceback")
	if module == nil {
		return ""
	}
	defer module.DecRef()
	format := module.GetAttrString("format_exception")
	if format == nil {
		return ""
	}
	defer format.DecRef()
	if trace == nil {
		trace = python3.Py_None
	}
	lines := format.CallFunctionObjArgs(class, value, trace)
	if lines == nil {
		return ""
	}
	defer lines.DecRef()
	var text strings.Builder
	for i := range python3.PyList_Size(lines) {
		text.WriteString(textOf(python3.PyList_GetItem(lines, i)))
	}
	return text.String()
}
