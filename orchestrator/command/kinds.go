package command

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kizu/orchestrator/plan"
)

// kind is what a setting's text stands for. Settings are kept as the text that
// was written, wherever it was written, and read by their kind.
type kind struct {
	word  string // for it in a command's help
	check func(text string) error
	words []string // that a shell offers; nil for none
}

var (
	anyText   = kind{word: "text", check: func(string) error { return nil }}
	aPath     = kind{word: "path", check: func(text string) error { _, err := plan.Expanded(text); return err }}
	aNumber   = kind{word: "number", check: func(text string) error { _, err := number(text); return err }}
	aDuration = kind{word: "time", check: func(text string) error { _, err := duration(text); return err }}
	yesOrNo   = kind{word: "bool", check: func(text string) error { _, err := yes(text); return err }}
	// texts are several values, a line each.
	texts = kind{word: "line", check: func(string) error { return nil }}
	// someDevices are names of devices.
	someDevices = kind{"text", func(text string) error { _, err := deviceNames(text); return err }, []string{"auto", "cpu", "cuda:0"}}
)

// oneOf is one of a few words.
func oneOf(choices ...string) kind {
	return kind{"text", func(text string) error {
		if !slices.Contains(choices, text) {
			return fmt.Errorf("want one of: %s", strings.Join(choices, ", "))
		}
		return nil
	}, choices}
}

func number(text string) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0, errors.New("want a whole number")
	}
	return n, nil
}

func duration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err == nil && d < 0:
		return 0, errors.New("a time cannot be negative")
	case err == nil:
		return d, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil {
		return 0, fmt.Errorf("a time needs its unit: %ss, %sm or %sh", text, text, text)
	}
	return 0, errors.New("want a time, such as 90s, 30m or 1h30m")
}

func yes(text string) (bool, error) {
	b, err := strconv.ParseBool(text)
	if err != nil {
		return false, errors.New("want true or false")
	}
	return b, nil
}

// lines are the values of a setting that has several.
func lines(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
}

// Checks that some settings have besides that of their kind.

func notEmpty(text string) error {
	if text == "" {
		return errors.New("it is empty")
	}
	return nil
}

func atLeast(least int, why string) func(string) error {
	return func(text string) error {
		if n, err := number(text); err == nil && n < least {
			return errors.New(why)
		}
		return nil
	}
}

func between(least, most time.Duration, why string) func(string) error {
	return func(text string) error {
		if d, err := duration(text); err == nil && (d < least || d > most) {
			return errors.New(why)
		}
		return nil
	}
}
