package plan

import (
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// TestRoles: the small experiment's roles are those that it gives the first photos of
// each drawing order, and every photo is listed once.
func TestRoles(t *testing.T) {
	p := smallPlan(t)
	p.Set.Duplicates = []dataset.Duplicate{{Name: "good/copy.png", Same: p.Division.Train["good"][0].Name}}
	texts := map[string]string{}
	for _, photo := range p.Roles() {
		if texts[photo.Photo] != "" {
			t.Errorf("%s is listed twice", photo.Photo)
		}
		texts[photo.Photo] = photo.Text()
	}
	if len(texts) != len(p.Set.Images)+1 || texts["good/copy.png"] != "unused: a copy of "+p.Division.Train["good"][0].Name {
		t.Errorf("%d photos of %d, copies among them: %q", len(texts), len(p.Set.Images)+1, texts["good/copy.png"])
	}
	for _, want := range []struct {
		photo dataset.Image
		text  string
	}{
		{p.Division.Train["good"][0], "training (2 conditions); " +
			"instance of LoRA good (study 2, 2 conditions); regularization of LoRA crack (study 1, 4 patterns); regularization of LoRA crack, cut (study 2, 2 conditions); " +
			"source of images of crack (study 1, 7 patterns); source of images of good, crack, cut (study 2, 2 conditions); measured; calibration"},
		{p.Division.Train["good"][5], "calibration"},
		{p.Division.Test["good"][0], "test"},
		{p.Division.Test["good"][3], "test; control (autoencoded)"},
		{p.Division.Train["crack"][0], "training (2 conditions); instance of LoRA crack (study 1, 6 patterns); instance of LoRA crack (study 2, 2 conditions); measured; control (autoencoded)"},
		{p.Division.Train["crack"][3], "instance of LoRA crack (study 1, 4 patterns); measured; control (autoencoded)"},
		{p.Division.Train["cut"][3], "unused"},
	} {
		if got := texts[want.photo.Name]; got != want.text {
			t.Errorf("%s is for\n%s, want\n%s", want.photo.Name, got, want.text)
		}
	}
}

// TestRolesHaveWords: a role of photos has its place in the list and says for which
// images or LoRAs it is, where it is for some.
func TestRolesHaveWords(t *testing.T) {
	for role, want := range map[stage.Role]string{
		stage.Instance: "instance of LoRA hole (study 2, 2 conditions)", stage.Regularization: "regularization of LoRA hole (study 2, 2 conditions)",
		stage.Source: "source of images of hole (study 2, 2 conditions)", stage.Pasted: "pasted into images of hole (study 2, 2 conditions)",
		stage.Reference: "reference of images of hole (study 2, 2 conditions)", stage.Mask: "mask for hole (study 2, 2 conditions)", stage.Training: "training (2 conditions)", stage.Test: "test",
		stage.Refereeing: "training of the referee", stage.Control: "control (autoencoded)", stage.Calibration: "calibration", stage.Compared: "measured",
	} {
		use := RoleUse{Role: role, Study: experiment.Classification, Classes: []string{"hole"}, Cells: []string{"real", "generated"}}
		if got := use.text(); got != want || !slices.Contains(roleOrder, role) {
			t.Errorf("%s: %q, want %q", role, got, want)
		}
	}
}

// TestRolesAreThoseOfTasks: no photo that any task reads is without that role, and none
// has a role that no task gives it.
func TestRolesAreThoseOfTasks(t *testing.T) {
	rolesAreThoseOfTasks(t, smallPlan(t))
	fourMethods(t)
	exp := parse(t, sideBySide)
	p := build(t, exp, methodInputs(t, exp))
	rolesAreThoseOfTasks(t, p)
	for _, photo := range p.Roles() {
		if photo.Photo == p.Division.Train["cut"][0].Name && !strings.Contains(photo.Text(), "mask for ") {
			t.Errorf("no word of the mask of %s: %s", photo.Photo, photo.Text())
		}
	}
}

func rolesAreThoseOfTasks(t *testing.T, p *Plan) {
	t.Helper()
	read := map[string]bool{}
	for _, task := range p.Tasks {
		for _, reading := range task.Spec.Reads() {
			for ref := range reading.Photos {
				img, _ := p.Image(ref)
				read[img.Name+": "+string(reading.Role)] = true
			}
		}
	}
	listed := map[string]bool{}
	for _, photo := range p.Roles() {
		for _, use := range photo.Roles {
			listed[photo.Photo+": "+string(use.Role)] = true
			if !slices.Contains(roleOrder, use.Role) || strings.Contains(use.text(), string(stage.Instance)) {
				t.Errorf("role %s has no place or no words: %s", use.Role, use.text())
			}
			if len(use.Cells) == 0 {
				t.Errorf("%s is %s in no cell", photo.Photo, use.Role)
			}
		}
	}
	for role := range read {
		if !listed[role] {
			t.Errorf("%s is read as, and it is not listed", role)
		}
	}
	for role := range listed {
		if !read[role] {
			t.Errorf("%s is listed, and no task reads it so", role)
		}
	}
}
