package experiment

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// TestDocumented: docs/experiment-file.md has every key, with its default.
func TestDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/experiment-file.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{} // the default, by the key
	for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]*)\\|").FindAllStringSubmatch(string(text), -1) {
		rows[row[1]] = strings.TrimSpace(row[2])
	}
	inWords := map[string]string{"lora.alpha": "the rank", "classifier.epochs": "30", "reference.name": "reference", "dataset.crop.ratio": "2.5", "patterns.defect": "the first defect", "patterns.show": "8", "patterns.features": "classifier", "conditions.rival": "the first training set without generated images"}
	for _, setting := range everything().settings() {
		want := setting.Value
		if text, ok := inWords[setting.Path]; ok {
			want = text
		}
		got, ok := rows[setting.Path]
		if !ok {
			t.Errorf("%s is not documented", setting.Path)
		} else if got != want && !strings.HasPrefix(got, "required") {
			t.Errorf("%s has the default %q, documented is %q", setting.Path, want, got)
		}
	}
	for _, keys := range []reflect.Type{reflect.TypeFor[Recipe](), reflect.TypeFor[StudyLoRA](), reflect.TypeFor[Conditions](), reflect.TypeFor[Detector](), reflect.TypeFor[Patterns](), reflect.TypeFor[Experiment]()} {
		for _, field := range reflect.VisibleFields(keys) {
			name := field.Tag.Get("yaml")
			if name != "" && name != "-" && !strings.Contains(string(text), name+"`") {
				t.Errorf("key %s of %s is not documented", name, keys)
			}
		}
	}
	for setting, choices := range Choices {
		for _, choice := range choices {
			if !strings.Contains(string(text), "`"+choice+"`") {
				t.Errorf("%s: %s is not documented", setting, choice)
			}
		}
	}
}
