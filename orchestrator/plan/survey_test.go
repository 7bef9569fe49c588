package plan

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/dataset/datasettest"
	"kizu/orchestrator/draft"
)

// picture writes one of side × height pixels in a shade of its own.
func picture(t *testing.T, path string, width, height int, shade uint8) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	img.SetGray(0, 0, color.Gray{Y: shade})
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := png.Encode(file, img); err != nil {
		t.Fatal(err)
	}
}

// TestSurvey: pictures count once, masks and hidden folders are no classes, and base
// models are those that the cache has whole.
func TestSurvey(t *testing.T) {
	root := t.TempDir()
	for i := range 6 {
		picture(t, filepath.Join(root, "gut", fmt.Sprint(i, ".png")), 20, 10, uint8(i%5)) // the last is a copy
	}
	for i := range 2 {
		picture(t, filepath.Join(root, "riss", fmt.Sprint(i, ".png")), 10, 10, uint8(100+i))
		picture(t, filepath.Join(root, "masks/riss", fmt.Sprint(i, "_mask.png")), 10, 10, uint8(200+i))
		picture(t, filepath.Join(root, ".thumbnails", fmt.Sprint(i, ".png")), 10, 10, uint8(100+i))
	}
	t.Setenv("HF_HUB_CACHE", filepath.Join(root, ".cache"))
	t.Setenv("TORCH_HOME", filepath.Join(root, ".torch"))
	layout, err := dataset.LookAround(root)
	if err != nil {
		t.Fatal(err)
	}
	machine := Machine{Photos: datasettest.Python(t)}
	found, err := Survey(layout, machine)
	if err != nil {
		t.Fatal(err)
	}
	if want := []draft.Class{{Name: "gut", Either: 5}, {Name: "riss", Either: 2}}; !slices.Equal(found.Classes, want) {
		t.Errorf("classes %+v", found.Classes)
	}
	if found.Good != "gut" || found.Oblong != "20×10" || found.Masks != "masks" || found.Masked != 2 || len(found.Photos) != 7 || len(found.Cached) > 0 || found.ImageNet {
		t.Errorf("found %+v", found)
	}
	picture(t, filepath.Join(root, "masks/riss/7.png"), 10, 10, 1)
	if found, err = Survey(layout, machine); err != nil || !strings.Contains(found.MaskWhy, "7.png has no photo") {
		t.Errorf("%v, masks that are wrong are not used: %q", err, found.MaskWhy)
	}
	if err := os.Truncate(filepath.Join(root, "gut", "0.png"), 20); err != nil {
		t.Fatal(err)
	}
	_, err = Survey(layout, machine)
	fails(t, err, "0.png cannot be read")
}
