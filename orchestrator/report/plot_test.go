package report

import (
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
)

// A chart is part of the page: in its colours, at any width, and said in words.
func TestSVG(t *testing.T) {
	p := newPlot("steps & more", "KID")
	if err := line(p, []point{{1, 2, 1, 3, []float64{1.5, 2.5}}, {10, 4, 3.5, 4.5, nil}}); err != nil {
		t.Fatal(err)
	}
	if err := rule(p, plotter.XY{X: 1, Y: 1}, plotter.XY{X: 10, Y: 1}); err != nil {
		t.Fatal(err)
	}
	drawn := svg(p, 300, 200, `a "label"`)
	elements, text := parse(t, []byte(drawn))
	if e := elements[0]; e.name != "svg" || e.attributes["role"] != "img" || e.attributes["aria-label"] != `a "label"` || e.attributes["width"] != "" {
		t.Errorf("got %+v", e)
	}
	if !strings.Contains(text, "steps & more") {
		t.Error("the axis has no name")
	}
	for _, forbidden := range []string{":#", "http", "font-family"} {
		if strings.Contains(string(drawn), forbidden) {
			t.Errorf("the chart has %s:\n%s", forbidden, drawn)
		}
	}
	for _, wanted := range []string{"var(--accent)", "var(--ink)", "var(--base)", "var(--muted)"} {
		if !strings.Contains(string(drawn), wanted) {
			t.Errorf("the chart lacks %s", wanted)
		}
	}
}

// The small experiment has one series of each kind, with a chart each, and the
// distances of all images; with enough images for KID, a second chart each.
func TestQualityPlots(t *testing.T) {
	few := []string{
		"Distance to the nearest training photo by regularization images; dashed: autoencoded photos that trained nothing / 6 defect images and 20 steps",
		"Distance to the nearest training photo by training steps; dashed: autoencoded photos that trained nothing / 6 defect images and 8 regularization images",
		"Distance of every image, pixel by pixel, to the training photo that it is most like; left of the dashes it is taken for a copy / ",
	}
	many := slices.Insert(slices.Clone(few), 1, "KID, with its 95 % interval, by regularization images / 6 defect images and 20 steps")
	many = slices.Insert(many, 3, "KID, with its 95 % interval, by training steps / 6 defect images and 8 regularization images")
	for want, r := range map[*[]string]*Report{&few: finished(t).collect(nil), &many: enoughForKID(t)} {
		views, err := r.qualityPlots()
		if err != nil {
			t.Fatal(err)
		}
		var labels []string
		for _, v := range views {
			labels = append(labels, v.Label+" / "+v.Detail)
		}
		if got := strings.Join(labels, "\n"); got != strings.Join(*want, "\n") {
			t.Errorf("got\n%s", got)
		}
	}
	views, err := newFixture(t, studies).collect(nil).qualityPlots()
	if err != nil || len(views) > 0 {
		t.Errorf("nothing is measured, and yet: %d charts, %v", len(views), err)
	}
}
