package report

import (
	"strings"
	"testing"

	"kizu/orchestrator/model"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/stage"
)

// The table names the features that its distances are of.
func TestFeaturesAreNamed(t *testing.T) {
	r := finished(t).collect(nil)
	for _, test := range []struct {
		encoder *model.Encoder
		want    string
	}{
		{nil, "efficientnet_b0, weights none, at 32 pixels"},
		{&model.Encoder{Name: "facebook/dinov2-small"}, "facebook/dinov2-small"},
		{&model.Encoder{Name: "../dino", Path: "/models/dino", SHA256: strings.Repeat("0a", 32)}, "dino (sha256 0a0a0a0a0a0a)"},
	} {
		r.plan.Encoder = test.encoder
		g := r.qualityGrid()
		if !strings.HasSuffix(g.Title, " by the features of "+test.want) {
			t.Errorf("%q, want %q", g.Title, test.want)
		}
		untrained := strings.Contains(strings.Join(g.Notes, "\n"), "without weights the network has learnt nothing")
		if untrained != (test.encoder == nil) {
			t.Errorf("%s is called untrained: %v", test.want, untrained)
		}
	}
}

// pictured is a small experiment's study 1, all done, as the fixture is changed.
func pictured(t *testing.T, change func(*fixture), old, new string) *Report {
	t.Helper()
	text, _, _ := strings.Cut(studies, "conditions:")
	f := newFixture(t, strings.Replace(text, old, new, 1)+"classifier: {weights: none, resolution: 32, steps: 5}\n")
	if change != nil {
		change(f)
	}
	f.commitAll(nil)
	return f.collect(nil)
}

// enoughForKID has two seeds of 16 images.
func enoughForKID(t *testing.T) *Report { return pictured(t, nil, "show: 8", "show: 16") }

// columnOf reads a table's column by the name of the row.
func columnOf(g table.Table, head string) map[string]string {
	values := map[string]string{}
	for i, c := range g.Columns {
		for _, row := range g.Rows {
			if c.Head == head {
				values[row[0]] = row[i]
			}
		}
	}
	return values
}

const patternName = "6 defect, 8 regularization"

// Where the test finds copies that are known, it says how many images are taken
// for copies; where it does not, there is no number, no badge and no sentence.
func TestCopiesAreSilentWithoutPower(t *testing.T) {
	for moved, works := range map[float64]bool{0.01: true, 3: false} {
		r := pictured(t, func(f *fixture) { f.moved = moved }, "seeds: [0, 1]", "seeds: [0]")
		g := r.qualityGrid()
		copies, notes := columnOf(g, "copies"), strings.Join(g.Notes, "\n")
		sentence := strings.Contains(strings.Join(r.answer(), "\n"), "made with LoRAs")
		metrics := map[string]float64{}
		for _, m := range r.patterns[1].runs[0].metrics {
			metrics[m.name] = m.value
		}
		_, counted := metrics["n_copies"]
		gallery := r.neighbourGallery()
		badges := 0
		for _, row := range gallery.Rows {
			for _, tile := range row.Strips[0].Tiles {
				if tile.Flag == "copy" {
					badges++
				}
			}
		}
		if works {
			if copies["training photos, autoencoded"] != "6 of 6" || copies["training photos, mirrored and autoencoded"] != "6 of 6" || metrics["n_training_photos_found"] != 6 {
				t.Errorf("controls %v", copies)
			}
			if !strings.HasSuffix(copies[patternName], " of 8") || !sentence || !counted {
				t.Errorf("copies %v, said %v, counted %v", copies, sentence, counted)
			}
			if !strings.Contains(notes, "the test finds 6 of 6, and of their mirror images 6 of 6") {
				t.Errorf("notes %s", notes)
			}
			continue
		}
		if copies["training photos, autoencoded"] != "1 of 6" || copies[patternName] != "–" || copies["no LoRA"] != "–" || sentence || counted || badges > 0 {
			t.Errorf("copies %v, said %v, counted %v, %d badges", copies, sentence, counted, badges)
		}
		if !strings.Contains(notes, "too few for anything to be said of copies") {
			t.Errorf("notes %s", notes)
		}
	}
}

// Images that lie on a training photo are marked as copies where a LoRA made
// them, and never where none did: there they are counted only, as chance.
func TestNoBadgeWithoutLoRA(t *testing.T) {
	r := pictured(t, func(f *fixture) { f.near = 0.001 }, "seeds: [0, 1]", "seeds: [0]")
	g := r.neighbourGallery()
	badges := map[string]int{}
	for _, row := range g.Rows {
		for _, tile := range row.Strips[0].Tiles {
			if tile.Flag == "copy" {
				badges[row.Title]++
			}
		}
	}
	if badges["no LoRA"] != 0 || badges[patternName] != 8 {
		t.Errorf("badges %v", badges)
	}
	grid := r.qualityGrid()
	if copies := columnOf(grid, "copies"); copies["no LoRA"] != "8 of 8" || copies[patternName] != "8 of 8" {
		t.Errorf("copies %v", copies)
	}
	if !strings.Contains(strings.Join(grid.Notes, "\n"), "images made without a LoRA or a whole photo of the defect cannot be copies: what is taken for one there is chance") {
		t.Errorf("notes %q", grid.Notes)
	}
	if !strings.Contains(strings.Join(r.answer(), "\n"), "32 of 32 images made with LoRAs lie nearer to a training photo, pixel by pixel, than photos that trained nothing do, which is more than chance does, p < 0.001") {
		t.Errorf("%q", r.answer())
	}
}

// KID of few images is not shown, and the table says how many it needs; that of
// autoencoded photos stands beside it.
func TestKIDOfFewImages(t *testing.T) {
	const note = "KID of fewer than 32 generated images orders nothing and is not shown"
	few, many := pictured(t, nil, "show: 8", "show: 8").qualityGrid(), enoughForKID(t).qualityGrid()
	if kid := columnOf(few, "KID"); kid[patternName] != "–" || kid["photos held out, autoencoded"] == "–" || !strings.Contains(strings.Join(few.Notes, "\n"), note) {
		t.Errorf("of 16 images %v, %q", kid, few.Notes)
	}
	if kid := columnOf(many, "KID"); kid[patternName] == "–" || strings.Contains(strings.Join(many.Notes, "\n"), note) {
		t.Errorf("of 32 images %v, %q", kid, many.Notes)
	}
}

// What a probe tells of generated images is said beside what it tells of
// autoencoded photos.
func TestKindsHaveControls(t *testing.T) {
	for beyond, want := range map[float64]string{
		1.5: "generated images look generated beyond what the autoencoder does to photos, to “real & generated”",
		0:   "is not shown to be more than the autoencoder’s doing, for “real & generated”",
	} {
		f := newFixture(t, strings.Replace(studies, "seeds: [0, 1]", "seeds: [0]", 1))
		f.beyond = beyond
		f.commitAll(func(task *plan.Task) bool { return task.Kind == stage.KindClassify })
		r := f.collect(nil)
		if got := strings.Join(r.answer(), "\n"); !strings.Contains(got, want) {
			t.Errorf("beyond %g: %s", beyond, got)
		}
		g := r.kindsGrid()
		if rows := columnOf(g, "autoencoded : photos"); len(g.Rows) != 2*2 || rows["real & generated"] == "–" || rows["generated"] == "–" {
			t.Errorf("rows %v", g.Rows)
		}
	}
}
