package report

import (
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWrite(t *testing.T) {
	f := finished(t)
	dir := t.TempDir()
	f.check(os.Mkdir(filepath.Join(dir, galleryFolder), 0o755))
	f.check(os.WriteFile(filepath.Join(dir, galleryFolder, "01-of-an-earlier-report.png"), nil, 0o644))
	for range 2 { // the second time replaces the first
		f.check(f.collect(nil).Write(dir))
	}
	var names []string
	f.check(filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	}))
	want := `gallery/01-real-crack.png gallery/02-real-good-the-start-of-img2img.png gallery/03-no-lora.png
		gallery/04-6-defect-0-regularization.png gallery/05-6-defect-8-regularization.png
		gallery/06-6-defect-8-regularization-5-steps.png gallery/07-6-defect-8-regularization-80-steps.png
		gallery/08-good-real-for-study-2.png gallery/09-good-generated-for-study-2.png
		gallery/10-crack-real-for-study-2.png gallery/11-crack-generated-for-study-2.png
		gallery/12-hole-real-for-study-2.png gallery/13-hole-generated-for-study-2.png
		report.html report.md results.csv results.json tables.tex`
	if got := strings.Join(names, " "); got != strings.Join(strings.Fields(want), " ") {
		t.Errorf("wrote %s", got)
	}
	file, err := os.Open(filepath.Join(dir, names[0]))
	f.check(err)
	defer file.Close()
	sheet, err := png.Decode(file)
	f.check(err)
	if got, want := sheet.Bounds().Size(), image.Pt(6*128+5*4, 128); got != want {
		t.Errorf("a sheet of six pictures is %v, want %v", got, want)
	}
}

// A picture that cannot be read leaves a hole in the page, and the hole says so.
func TestUnreadablePicture(t *testing.T) {
	f := newFixture(t, studies)
	task := f.plan.Cells[0].Generate
	f.commit(0, task)
	f.check(os.WriteFile(filepath.Join(f.store.Dir(task.Kind, task.Key), "images", "0003.png"), []byte("?"), 0o644))
	r := f.collect(nil)
	if page := string(pageOf(t, r)); strings.Count(page, "cannot be read") < 1 {
		t.Error("the page does not say that a picture cannot be read")
	}
	f.check(r.Write(filepath.Join(f.dir, "out")))
}

// What photos are used for follows from the plan.
func TestUsage(t *testing.T) {
	f := newFixture(t, studies)
	r := f.collect(nil)
	for _, class := range r.usage() {
		var want classUsage
		switch class.Class {
		case "good":
			want = classUsage{Found: 30, Tested: 20, Regular: 8, Source: 8, StudyLoRA: 6, Classifier: 6}
		case "crack":
			want = classUsage{Found: 30, Tested: 10, Instance: 6, StudyLoRA: 4, Classifier: 4}
		default:
			want = classUsage{Found: 30, Tested: 10, StudyLoRA: 4, Classifier: 4}
		}
		if want.Class = class.Class; class != want {
			t.Errorf("got %+v, want %+v", class, want)
		}
	}
}
