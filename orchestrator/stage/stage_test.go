package stage

import (
	"reflect"
	"slices"
	"strings"
	"testing"
)

// free are the fields in which tasks that are computed together may differ. All
// others must be part of the batch key: the Python stage takes them from the
// first member for all.
var free = map[string][]string{
	KindTrainLoRA: {
		"Seed", "Instance", "Class", "Steps", "Levels", "Fit", "Rank", "Alpha", "Target",
		"LearningRate", "TextEncoderLearningRate", "Schedule", "WarmupSteps", "Optimizer",
		"BatchSize", "PriorWeight", "Regularization", "Repeats", "MinSNRGamma", "Flip", "GradientAccumulation",
	},
	KindGenerate: {"LoRA", "Prompt", "NegativePrompt", "Seed", "Sources", "Count", "Images"},
}

// TestBatchKeys: a field that is added to a spec is in its batch key, or it is
// declared free above.
func TestBatchKeys(t *testing.T) {
	for _, spec := range All {
		if spec.BatchKey() == "" {
			continue // computes one task at a time
		}
		if free[spec.Kind()] == nil {
			t.Errorf("%s: which fields are free?", spec.Kind())
		}
		of := reflect.TypeOf(spec)
		for _, name := range free[spec.Kind()] {
			if _, ok := of.FieldByName(name); !ok {
				t.Errorf("%s has no field %s", of, name)
			}
		}
		for _, field := range reflect.VisibleFields(of) {
			if !field.IsExported() || field.Anonymous {
				continue
			}
			other := reflect.New(of).Elem()
			alter(t, other.FieldByIndex(field.Index))
			differs := other.Interface().(Spec).BatchKey() != spec.BatchKey()
			if declared := slices.Contains(free[spec.Kind()], field.Name); differs == declared {
				t.Errorf("%s.%s: in the batch key %v, declared free %v", of, field.Name, differs, declared)
			}
		}
	}
}

// alter gives a field another value than its zero value.
func alter(t *testing.T, field reflect.Value) {
	switch field.Kind() {
	case reflect.String:
		field.SetString("other")
	case reflect.Int, reflect.Int64:
		field.SetInt(7)
	case reflect.Float64:
		field.SetFloat(7)
	case reflect.Bool:
		field.SetBool(true)
	case reflect.Slice:
		field.Set(reflect.MakeSlice(field.Type(), 1, 1))
	case reflect.Struct:
		alter(t, field.Field(0))
	default:
		t.Fatalf("a field of kind %s", field.Kind())
	}
}

// TestKinds: a stage is called as its module, and its zero value answers.
func TestKinds(t *testing.T) {
	kinds := Kinds()
	for i, spec := range All {
		if slices.Index(kinds, spec.Kind()) != i || strings.Trim(spec.Kind(), "abcdefghijklmnopqrstuvwxyz_") != "" {
			t.Errorf("kind %q", spec.Kind())
		}
		if images, parts := spec.Batch(); parts < 1 || images < 0 {
			t.Errorf("%s: a batch of %d images in %d parts", spec.Kind(), images, parts)
		}
		if spec.Smaller() == "" {
			t.Errorf("%s: what to do where memory does not suffice?", spec.Kind())
		}
	}
}

// TestRendering: no stage sees photos in another way than the others.
func TestRendering(t *testing.T) {
	for _, spec := range All {
		field, ok := reflect.TypeOf(spec).FieldByName("Rendering")
		if !ok || !field.Anonymous || field.Type != reflect.TypeFor[Rendering]() {
			t.Errorf("%s has no rendering", spec.Kind())
		}
	}
}

func TestImageName(t *testing.T) {
	for i, want := range map[int]string{0: "0000.png", 42: "0042.png", 9999: "9999.png", 12345: "12345.png"} {
		if got := imageName(i); got != want {
			t.Errorf("image %d is %s, want %s", i, got, want)
		}
	}
}
