package plan

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// TestReferee: it changes no other key, learns what nothing is tested on, and judges every set
// of images once; what a pattern's noun alone shows differs from its images by the prompt only.
func TestReferee(t *testing.T) {
	exp := parse(t, small+"referee: {photos: 3}\n")
	p := build(t, exp, smallInputs(t, exp))
	with, without := keys(t, p), keys(t, smallPlan(t))
	for label, key := range without {
		if with[label] != key {
			t.Errorf("%s has another key", label)
		}
	}
	referee := p.Trials[0].Task
	spec := referee.Spec.(stage.Classify)
	if referee.Label != "referee" || len(spec.Train) != 3+3+6 || spec.Sampling != "plain" || !spec.Keep {
		t.Errorf("%s learns %d photos, %+v", referee.Label, len(spec.Train), spec.ClassifierTraining)
	}
	for _, img := range spec.Train {
		photo, _ := p.Image(img.Path)
		if slices.ContainsFunc(p.Division.Test[photo.Class], func(tested dataset.Image) bool { return tested.SHA256 == photo.SHA256 }) {
			t.Errorf("%s is tested on", photo.Name)
		}
	}
	cell := find(t, p, "4 defect, 3 regularization", 0)
	ours, noun := cell.Generate.Spec.(stage.Generate), cell.Noun.Generate.Spec.(stage.Generate)
	if identifier, found := strings.CutSuffix(ours.Prompt, " "+noun.Prompt); !found || identifier == "" {
		t.Errorf("prompts %q and %q", ours.Prompt, noun.Prompt)
	}
	if noun.Prompt = ours.Prompt; !reflect.DeepEqual(noun, ours) {
		t.Errorf("%+v\n%+v", noun, ours)
	}
	if label := cell.Noun.Judged.Spec.(stage.Judge).Label; label != "good" {
		t.Errorf("the noun alone is called %s", label)
	}
	for _, photo := range p.Roles() {
		if photo.Photo == p.Division.Train["cut"][2].Name && photo.Text() != "training of the referee" {
			t.Errorf("%s: %s", photo.Photo, photo.Text())
		}
	}
}

// TestRefereeWithoutTests: where the study tests on nothing, some photos are kept from the
// referee's training.
func TestRefereeWithoutTests(t *testing.T) {
	patterns, _, _ := strings.Cut(small, "conditions:")
	exp := parse(t, patterns+"classifier: {weights: none, steps: 4}\nreferee: {photos: 6}\n")
	p := build(t, exp, smallInputs(t, exp))
	spec := p.Trials[0].Task.Spec.(stage.Classify)
	for _, tried := range spec.Test {
		if slices.ContainsFunc(spec.Train, func(img stage.Labeled) bool { return img.Path == tried.Path }) {
			t.Errorf("%s is learnt and tried", tried.Name)
		}
	}
	if len(spec.Train) != 2*5+8 || len(spec.Test) != 2*1+2 {
		t.Errorf("learns %d, is tried on %d", len(spec.Train), len(spec.Test))
	}
}
