package experiment

import (
	"fmt"
	"testing"
)

const detectors = `name: small
dataset: {format: folders, root: a, noun: b, defects: [c]}
base: tiny-sd
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 2, defect_images: 2}
  classifier: {resolution: [64, 96], epochs: [3, 9]}
  training_sets: {made: {good: {real: 3}, defects: {generated: 4}}}
  detectors:
    z: {good: {real: 5}}
    a: {good: {real: 7}, coreset: 0.5, false_alarms: 0}
`

// TestDetectors follow the training sets, in the file's order, once for each of the networks
// that differ for them.
func TestDetectors(t *testing.T) {
	exp, err := Parse("small.yaml", t.TempDir(), []byte(detectors))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range exp.ExpandConditions() {
		if c.Detector != nil {
			names = append(names, fmt.Sprintf("%s %d %d %g", c.Name, c.Good.Real, c.Classifier.Resolution, c.Detector.FalseAlarms))
		}
	}
	if got, want := fmt.Sprintf("%q", names), `["z, resolution 64 5 64 0.05" "z, resolution 96 5 96 0.05" "a, resolution 64 7 64 0" "a, resolution 96 7 96 0"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if name, ok := exp.RivalName(); ok {
		t.Errorf("%q is the rival that nobody named", name)
	}
	exp.Conditions.Rival = "a"
	if name, _ := exp.RivalName(); name != "a, resolution 64" {
		t.Errorf("the rival is %q", name)
	}
	want := Setting{"conditions.detectors.z", "good: 5 real; method: patchcore; coreset: 0.1; folds: 5; false_alarms: 0.05"}
	for _, setting := range exp.Settings() {
		if setting == want {
			return
		}
	}
	t.Errorf("settings have no %v", want)
}
