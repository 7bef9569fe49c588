package report

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/experiment/experimenttest"
	"kizu/orchestrator/result"
)

// TestMethodsSideBySide: where a training set's images are made by another method, tables
// and galleries say so, remarks are counted and shown, and what keeps its photos' own pixels
// is not compared with autoencoded photos.
func TestMethodsSideBySide(t *testing.T) {
	experimenttest.WithMethod(t, "cut", experiment.Method{Needs: []string{"source"}, Masks: true})
	text := strings.Replace(studies, "seeds: [0, 1]", "seeds: [0]", 1)
	text = text[:strings.Index(text, "patterns:")] + strings.Replace(text[strings.Index(text, "conditions:"):], "    real & generated:",
		"    cut: {good: {real: 6, generated: 10}, defects: {real: 4, generated: 10}, generate: {method: cut}}\n    real & generated:", 1)
	f := newFixture(t, text)
	f.right["cut"] = 7
	f.commitAll(nil)
	r := f.collect(nil)
	composition := map[string]string{}
	for _, row := range r.conditionGrid().Rows {
		composition[row[0]] = row[1]
	}
	for name, want := range map[string]string{"real": "6 real", "generated": "10 gen. by img2img", "cut": "6 + 10 gen. by cut"} {
		if composition[name] != want {
			t.Errorf("%s is made of %q good images, want %q", name, composition[name], want)
		}
	}
	for _, c := range r.conditionResults() {
		if want := map[string]string{"real": "", "cut": "cut"}; c.Name != "generated" && c.Name != "real & generated" && c.Method != want[c.Name] {
			t.Errorf("%s is made by %q", c.Name, c.Method)
		}
		if controlled := c.Name != "cut"; c.Kinds != nil && (c.Kinds.After.ControlsResult != nil) != controlled {
			t.Errorf("%s has controls: %v", c.Name, !controlled)
		}
	}
	if notes := strings.Join(r.conditionGrid().Notes, "\n"); !strings.Contains(notes, "of the 78 images by cut: 3 too small") {
		t.Error(notes)
	}
	rows, _ := r.sampleRows("crack")
	if len(rows) != 2 || rows[1].Title != "crack: generated, method cut" || rows[1].Detail != "26 made, 1 blank, 0 saturated, 0 NaN, 1 too small" || rows[1].Strips[0].Tiles[2].Flag != "too small" {
		t.Errorf("rows %+v", rows)
	}
	g := r.madeGallery()
	strips := map[string]int{}
	for _, row := range g.Rows {
		strips[row.Title+" "+row.Detail] = len(row.Strips)
	}
	if len(g.Rows) != 6 || strips["crack by cut"] != 4 || strips["crack by img2img"] != 3 {
		t.Errorf("strips of methods %v", strips)
	}
	grid := r.kindsGrid()
	uncontrolled := slices.ContainsFunc(grid.Rows, func(row []string) bool {
		return row[0] == "cut" && row[3] == "–" && row[4] == "–" && row[2] != "–"
	})
	if !uncontrolled || grid.Notes[len(grid.Notes)-1] != result.UncontrolledNote || slices.Contains(result.KindsNotes, result.UncontrolledNote) {
		t.Errorf("%+v", grid)
	}
	if answer := strings.Join(kindsAnswer(r.conditions), "\n"); !strings.Contains(answer, "keep their photos’ own pixels from photos with “cut” (") {
		t.Error(answer)
	}
}

// TestMethodWithoutSources: where images start from no photo, none is shown, nothing is
// compared with sources, and no text says that there are some.
func TestMethodWithoutSources(t *testing.T) {
	experimenttest.WithMethod(t, "words", experiment.Method{Needs: []string{"base"}, Takes: []string{"lora"}, Denoises: true})
	text, _, _ := strings.Cut(strings.Replace(studies, "\nlora:", "\ngenerate: {method: words}\nlora:", 1), "conditions:")
	f := newFixture(t, text+"classifier: {weights: none, resolution: 32}\n")
	f.commitAll(nil)
	r := f.collect(nil)
	for _, g := range r.patternGalleries() {
		if strings.Contains(g.Text, "photo, the second row") {
			t.Error(g.Text)
		}
		for _, row := range g.Rows {
			if row.Title == "Real: good" {
				t.Errorf("sources are shown: %+v", row)
			}
			for _, strip := range row.Strips {
				for _, tile := range strip.Tiles {
					if strings.Contains(tile.Title, "from") {
						t.Error(tile.Title)
					}
				}
			}
		}
	}
	for _, row := range r.qualityGrid().Rows {
		if row[4] != "–" {
			t.Errorf("%s: %s to a source", row[0], row[4])
		}
	}
	var csv bytes.Buffer
	if err := r.writeCSV(&csv); err != nil || !strings.Contains(csv.String(), "distance_to_training") || strings.Contains(csv.String(), "distance_to_source") {
		t.Errorf("%v\n%s", err, csv.String())
	}
}
