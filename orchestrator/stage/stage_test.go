package stage

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/experiment"
)

// free are the fields in which tasks that are computed together may differ. All
// others must be part of the group key: the Python stage takes them from the
// first member for all.
var free = map[string][]string{
	KindTrainLoRA: {
		"Seed", "Instance", "Class", "Steps", "Levels", "Fit", "Rank", "Alpha", "Target",
		"LearningRate", "TextEncoderLearningRate", "Schedule", "WarmupSteps", "Optimizer",
		"BatchSize", "PriorWeight", "Regularization", "Repeats", "RegularizationRepeats", "MinSNRGamma", "Flip", "MaskedLoss", "Outside", "GradientAccumulation",
	},
	KindGenerate: {"Good", "LoRA", "Prompt", "NegativePrompt", "Seed", "Sources", "Defects", "Masks", "Count", "Images", "Run", "Pixels"},
}

// TestGroupKeys: a field that is added to a spec is in its group key, or it is
// declared free above.
func TestGroupKeys(t *testing.T) {
	for _, spec := range All {
		if spec.GroupKey() == "" {
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
			differs := other.Interface().(Spec).GroupKey() != spec.GroupKey()
			if declared := slices.Contains(free[spec.Kind()], field.Name); differs == declared {
				t.Errorf("%s.%s: in the group key %v, declared free %v", of, field.Name, differs, declared)
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
	case reflect.Map:
		field.Set(reflect.ValueOf(map[string]any{"feather": 7}))
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
		if images, pieces := spec.Batch(); pieces < 1 || images < 0 {
			t.Errorf("%s: a batch of %d images in %d pieces", spec.Kind(), images, pieces)
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

// TestOptimizerState: a LoRA takes as much more on disk as its optimizer keeps more of
// each parameter.
func TestOptimizerState(t *testing.T) {
	bytes := func(optimizer string) int64 {
		spec := TrainLoRA{LoRATraining: experiment.LoRATraining{Rank: 8, Target: "attention", Optimizer: optimizer}}
		return spec.Output().LoRABytes
	}
	if adamw, prodigy := bytes("adamw"), bytes("prodigy"); adamw != 8*attentionWidth*20 || prodigy != 8*attentionWidth*28 {
		t.Errorf("with adamw %d bytes, with prodigy %d", adamw, prodigy)
	}
}

// TestFeatureBytes: features take what their network has of them.
func TestFeatureBytes(t *testing.T) {
	for name, backbone := range experiment.Backbones {
		if got := featureBytes(name); backbone.Features < 1 || got != int64(4*backbone.Features) {
			t.Errorf("%s: %d bytes, %+v", name, got, backbone)
		}
	}
	of := func(s Spec) int64 { return s.Output().TableBytes }
	if photo, none := of(Measure{Model: "transformers", Images: []Ref{"name:a"}}), of(Measure{}); photo < 4*1024 || none != 0 {
		t.Errorf("a photo takes %d bytes, none %d", photo, none)
	}
}
