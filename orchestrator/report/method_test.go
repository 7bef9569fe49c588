package report

import (
	"bytes"
	"strings"
	"testing"

	"kizu/orchestrator/experiment"
)

// TestMethodWithoutSources: where images start from no photo, none is shown, nothing is
// compared with sources, and no text says that there are some.
func TestMethodWithoutSources(t *testing.T) {
	const name = "words"
	known := experiment.Choices["generate.method"]
	experiment.Methods[name] = experiment.Method{Needs: []string{"base"}, Takes: []string{"lora"}, Denoises: true}
	experiment.Choices["generate.method"] = append(known[:len(known):len(known)], name)
	t.Cleanup(func() {
		delete(experiment.Methods, name)
		experiment.Choices["generate.method"] = known
	})
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
