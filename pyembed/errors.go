package pyembed

import (
	"errors"
	"fmt"
)

// PythonError is an exception that Python raised.
type PythonError struct {
	Type      string // qualified name of the class, without "builtins.": ValueError, stage.StageError
	Message   string // str() of the exception
	Traceback string // what traceback.format_exception prints, causes included
}

func (e *PythonError) Error() string {
	if e.Message == "" {
		return e.Type
	}
	return e.Type + ": " + e.Message
}

// ConversionError is a value that has no counterpart in the other language.
type ConversionError struct {
	Path   string // where it is: result.images[3].name
	Reason string
}

func (e *ConversionError) Error() string { return e.Path + ": " + e.Reason }

// cannot describes a value that cannot be converted; within adds where it is.
func cannot(format string, args ...any) error {
	return &ConversionError{Reason: fmt.Sprintf(format, args...)}
}

// within puts a step, such as "[3]" or ".name", before the path of a
// ConversionError. So paths cost nothing where there is no error.
func within(err error, step string, args ...any) error {
	if conversion, ok := errors.AsType[*ConversionError](err); ok {
		conversion.Path = fmt.Sprintf(step, args...) + conversion.Path
	}
	return err
}
