package report

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kizu/orchestrator/stage"
)

// choose keeps the first candidate of every image but the first, and throws the others away.
func (f *fixture) choose(dir string, spec stage.Choose) []byte {
	tables := map[string]string{}
	for _, folder := range []string{"images", "thrown"} {
		f.check(os.Mkdir(filepath.Join(dir, folder), 0o755))
		tables[folder] = "name,source_name,seed,mean,std,blank,saturated,nan,candidate,score\n"
	}
	for i := range spec.Count {
		for number := 1; number <= len(spec.Candidates); number++ {
			folder, name := "thrown", fmt.Sprintf("%04d-%d.png", i, number)
			if (number == 2) == (i == 0) && number < 3 {
				folder, name = "images", fmt.Sprintf("%04d.png", i)
			}
			var file bytes.Buffer
			f.check(png.Encode(&file, drawing(32, 3, i)))
			f.check(os.WriteFile(filepath.Join(dir, folder, name), file.Bytes(), 0o644))
			tables[folder] += fmt.Sprintf("%s,000.bmp,%d,100.000,20.000,0,0,0,%d,0.5\n", name, 100*i+number, number)
		}
	}
	for folder, table := range tables {
		f.check(os.WriteFile(filepath.Join(dir, folder+".csv"), []byte(table), 0o644))
	}
	thrown := spec.Count * (len(spec.Candidates) - 1)
	return fmt.Appendf(nil, `{"images": %d, "thrown_away": %d, "outside_bounds": 2, "flawed": 0}`, spec.Count, thrown)
}

// TestChosenImages: where images are chosen among candidates, both studies say how, how many
// were thrown away, and show the first of these; no text says that none was picked.
func TestChosenImages(t *testing.T) {
	text := strings.Replace(studies, "    real & generated:",
		"    kept: {good: {real: 6, generated: 10}, defects: {real: 4, generated: 10}, generate: {select: {of: 3}}}\n    real & generated:", 1)
	text = strings.Replace(text, "regularization_images: 8, steps: [5, 80]}", "regularization_images: 8, generate: {select: {of: 2}}}", 1)
	f := newFixture(t, text)
	f.right["kept"] = 7
	f.commitAll(nil)
	r := f.collect(nil)
	rows, _ := r.sampleRows("crack")
	if len(rows) != 3 || rows[1].Title != "crack: generated, 1 of 3" || !strings.HasSuffix(rows[1].Detail, "NaN, 1 of 3, by change, 104 thrown away, 4 kept outside the rule’s bounds") {
		t.Fatalf("%+v", rows)
	}
	thrown := rows[2].Strips
	if rows[2].Title != "crack: generated, 1 of 3, thrown away" || len(thrown) != 2 || len(thrown[0].Tiles) != sampleShown {
		t.Errorf("%+v", rows[2])
	}
	if first := thrown[0].Tiles[0]; !strings.HasSuffix(first.Path, "thrown/0000-1.png") || !strings.HasPrefix(first.Title, "generated image 0000-1.png, candidate 1 of “") {
		t.Errorf("%+v", first)
	}
	for _, c := range r.conditionResults() {
		if want := map[string]string{"kept": "1 of 3, by change"}[c.Name]; c.Chosen != want {
			t.Errorf("%s: chosen %q", c.Name, c.Chosen)
		}
	}
	var page, csv bytes.Buffer
	f.check(r.writePage(&page, r.album()))
	f.check(r.writeCSV(&csv))
	for _, want := range []string{"1 of 2, by change, 16 thrown away", "gen., 1 of 3<", "none picked but by the rule that its row names", "chosen 1 of 3, by change (52 thrown away)"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page does not say %q", want)
		}
	}
	if !strings.Contains(csv.String(), ",n_thrown_away,8") {
		t.Error(csv.String())
	}
}
