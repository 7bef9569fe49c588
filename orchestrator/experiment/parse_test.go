package experiment

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// cursor stands in a mistake's text where its error belongs.
const cursor = "▸"

func (m mistake) text() string { return strings.Replace(m.yaml, cursor, "", 1) }

// place is the line and column of the cursor, in characters from 1.
func (m mistake) place() (line, column int) {
	before, _, found := strings.Cut(m.yaml, cursor)
	if !found {
		panic("no cursor in " + m.yaml)
	}
	last := before[strings.LastIndex(before, "\n")+1:]
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(last) + 1
}

func TestMistakes(t *testing.T) {
	for _, test := range slices.Concat(mistakesOfForm, mistakesOfValue) {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("small.yaml", "", []byte(test.text()))
			var got *Error
			if !errors.As(err, &got) {
				t.Fatalf("got %T %v, want an *Error", err, err)
			}
			line, column := test.place()
			want := Error{File: "small.yaml", Line: line, Column: column, Message: test.message}
			if *got != want {
				t.Errorf("in\n%s\ngot  %v\nwant %v", test.yaml, got, &want)
			}
			readable(t, got)
			if foreign := ofGo.FindString(got.Message); foreign != "" {
				t.Errorf("%q means nothing to somebody who does not know Go: %v", foreign, got)
			}
		})
	}
}

// ofGo finds the words of Go and its YAML libraries.
var ofGo = regexp.MustCompile(`\b(u?int\d+|float\d+|bool|struct|interface|unmarshal|nil|Go|ast|Experiment|LoRA\.)\b|\[\]string|map\[`)

// readable holds that an error is one line of text.
func readable(t *testing.T, err *Error) {
	t.Helper()
	if err.Message == "" || strings.ContainsAny(err.Message, "\n\r") || !utf8.ValidString(err.Message) {
		t.Errorf("not one line of text: %q", err.Message)
	}
}

// within holds that an error's line is one of the text's.
func within(t *testing.T, err *Error, source []byte) {
	t.Helper()
	lines := strings.Count(string(source), "\n") + strings.Count(string(source), "\r") + 1 // YAML breaks lines at either
	if err.Line < 1 || err.Line > lines || err.Column < 1 {
		t.Errorf("%v is outside a text of %d lines", err, lines)
	}
}

func TestLoadReadsNextToTheFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "small.yaml")
	if err := os.WriteFile(path, []byte(head+study1), 0o644); err != nil {
		t.Fatal(err)
	}
	exp, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if exp.Dir != dir || exp.Name != "small" {
		t.Errorf("loaded %q in %q", exp.Name, exp.Dir)
	}
	if _, err := Load(filepath.Join(dir, "nowhere.yaml")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	if _, err := Load(dir); err == nil || !strings.HasPrefix(err.Error(), "experiment file: ") {
		t.Errorf("a folder: %v", err)
	}
}

// TestForgiving lists what may be written in more than one way.
func TestForgiving(t *testing.T) {
	parse := func(text string) *Experiment {
		t.Helper()
		exp, err := Parse("small.yaml", "", []byte(text))
		if err != nil {
			t.Fatalf("%v, in\n%s", err, text)
		}
		return exp
	}
	for _, text := range []string{
		head + study1 + "# the end\n",
		"# first\n---\n" + head + study1 + "...\n",
		"%YAML 1.2\n---\n" + head + study1,
		"\ufeff" + head + study1,
		strings.ReplaceAll(head+study1, "\n", "\r\n"),
		head + study1 + "lora:\n  rank: # the default will do\nseeds:\nconditions:\n",
		strings.Replace(head, "base", `"base"`, 1) + study1,
	} {
		exp := parse(text)
		if exp.Name != "small" || exp.Base != "tiny-sd" || exp.LoRA.Rank != 8 || !slices.Equal(exp.Seeds, []int64{0}) {
			t.Errorf("%q read as %+v", text, exp)
		}
	}
	lora := parse(head + study1 + "lora: {rank: 1e1, steps: 010, learning_rate: 1, alpha: 16.0, identifier: 007}\n").LoRA
	if lora.Rank != 10 || lora.Steps != 10 || lora.LearningRate != 1 || lora.Alpha != 16 || lora.Identifier != "007" {
		t.Errorf("numbers read as %+v", lora)
	}
	classes := parse("name: small\ndataset: {format: folders, root: r, noun: x, good: 000, defects: [001, 1e3]}\nbase: b\n" + study1).Dataset.Classes()
	if !slices.Equal(classes, []string{"000", "001", "1e3"}) {
		t.Errorf("classes called by numbers read as %q", classes)
	}
	few := parse(head + "patterns:\n  matrix:\n    - &few {defect_images: &n [1, 2], steps: *n}\n    - *few\n")
	if patterns := few.ExpandPatterns(); len(few.Patterns.Matrix) != 2 || len(patterns) != 4 || patterns[3].Steps != 2 {
		t.Errorf("anchors read as %+v", patterns)
	}
}
