package report

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"kizu/orchestrator/stage"
)

// noisy is a picture with the grain of a photo, which does not compress well.
func noisy(t *testing.T, side int, seed uint64) []byte {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 0))
	img := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		shade := 90 + float64(i%side)/4 + 7*random.NormFloat64()
		img.Set(i%side, i/side, color.RGBA{uint8(shade), uint8(shade * 0.8), uint8(shade * 0.6), 255})
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// A page of thirty patterns with eight images each stays below 15 MB, and a browser
// shows it. The images are somewhat larger than their thumbnails, and have all of
// their grain.
func TestThirtyPatterns(t *testing.T) {
	if testing.Short() {
		t.Skip("make test-slow runs it")
	}
	f := newFixture(t, `
name: thirty
dataset: {format: folders, root: photos, noun: nut, good: good, defects: [crack, hole]}
base: base
lora: {steps: 20, batch_size: 2, resolution: 32}
patterns:
  show: 8
  matrix:
    - {defect_images: [2, 3, 4, 5, 6], regularization_images: [0, 2, 4, 8, 12, 16]}
classifier: {weights: none, resolution: 32}
`)
	f.commitAll(nil)
	var files [8][]byte
	for i := range files {
		files[i] = noisy(t, 320, uint64(i))
	}
	patterns := 0
	for _, task := range f.plan.Tasks {
		if task.Kind != stage.KindGenerate {
			continue
		}
		patterns++
		for i, file := range files {
			f.check(os.WriteFile(filepath.Join(f.store.Dir(task.Kind, task.Key), "images", fmt.Sprintf("%04d.png", i)), file, 0o644))
		}
	}
	page := pageOf(t, f.collect(nil))
	t.Logf("%d patterns, %.1f MB", patterns, float64(len(page))/1e6)
	if patterns != 30 || len(page) > 15e6 {
		t.Errorf("the page of %d patterns has %d bytes", patterns, len(page))
	}
	chromium(t)
	const timer = `<script>addEventListener("load", () => { document.title = "READY " + Math.round(performance.now()); })</script></body>`
	text := regexp.MustCompile(`<meta http-equiv[^\n]*\n`).ReplaceAllString(string(page), "")
	path := filepath.Join(t.TempDir(), "report.html")
	f.check(os.WriteFile(path, []byte(strings.Replace(text, "</body>", timer, 1)), 0o644))
	dom, console := open(t, path)
	found := regexp.MustCompile(`<title>READY (\d+)`).FindStringSubmatch(dom)
	if found == nil || console != "" {
		t.Fatalf("the page was not ready: %s", console)
	}
	t.Logf("ready after %s ms", found[1])
}
