package dataset

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

// oddPhotos writes the folder of scripts/tests/odd_photos.py and reads it.
func oddPhotos(t *testing.T) (dir string, read map[string]Picture, wrong map[string]error) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "odd")
	text, err := exec.Command("../../.venv/bin/python3", "-W", "ignore", "../../scripts/tests/odd_photos.py", dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	var paths []string
	for _, folder := range []string{"exact", "close", "refused"} {
		found, err := filepath.Glob(filepath.Join(dir, folder, "*"))
		if err != nil || len(found) == 0 {
			t.Fatal(folder, err)
		}
		paths = append(paths, found...)
	}
	read, wrong = map[string]Picture{}, map[string]error{}
	err = reading().Reader.Read(t.Context(), paths, nil, func(i int, p Picture, problem error) {
		if problem == nil {
			problem = showable(paths[i], p, nil)
		}
		if problem == nil {
			read[paths[i]] = p
		} else {
			wrong[paths[i]] = problem
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir, read, wrong
}

// show is what a page shows, and the identity of its pixels.
func show(t *testing.T, path string, p Picture, levels Levels) (*image.RGBA, string) {
	t.Helper()
	img, err := p.Show(path, levels)
	if err != nil {
		t.Fatal(err)
	}
	for i := 3; i < len(img.Pix); i += 4 {
		if img.Pix[i] != 0xff {
			t.Fatalf("%s is not opaque", path)
		}
	}
	return img, pixelsOf(img)
}

// TestPagesShowWhatStagesSee, in every container, mode and orientation: the same
// pixels where nothing is lost, and no more than decoders differ where it is.
func TestPagesShowWhatStagesSee(t *testing.T) {
	dir, read, wrong := oddPhotos(t)
	exact, closely := 0, 0
	for path, p := range read {
		name, _ := filepath.Rel(dir, path)
		img, pixels := show(t, path, p, nil)
		if img.Rect.Size() != image.Pt(p.Width, p.Height) {
			t.Errorf("%s is shown in %v and read in %d×%d", name, img.Rect.Size(), p.Width, p.Height)
			continue
		}
		if filepath.Dir(name) == "exact" {
			if exact++; pixels != p.Pixels {
				t.Errorf("%s (%s) is shown otherwise than stages read it", name, p.Mode)
			}
			continue
		}
		closely++
		// Upsampled colours differ most: libjpeg and libwebp smooth them, Go does not.
		if most := farthest(t, img, filepath.Join(dir, "reference", name+".png")); most > 24 {
			t.Errorf("%s differs by %d grey levels from what stages read", name, most)
		}
	}
	for path, err := range wrong {
		if name, _ := filepath.Rel(dir, path); filepath.Dir(name) != "refused" {
			t.Errorf("%s is refused: %v", name, err)
		}
	}
	if exact < 60 || closely < 15 {
		t.Errorf("only %d and %d files are shown", exact, closely)
	}
}

// farthest is the greatest difference between a picture and a file.
func farthest(t *testing.T, img *image.RGBA, reference string) (most int) {
	t.Helper()
	file, err := os.Open(reference)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	decoded, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	want := opaque(decoded, false, nil)
	for i := range img.Pix {
		most = max(most, max(int(img.Pix[i]), int(want.Pix[i]))-min(int(img.Pix[i]), int(want.Pix[i])))
	}
	return most
}

// TestRefusedPhotosAreNamed: what the two would not read alike is refused with
// its name and what to do.
func TestRefusedPhotosAreNamed(t *testing.T) {
	dir, _, wrong := oddPhotos(t)
	for name, texts := range map[string][]string{
		"jpeg.tif":     {"RGB TIFF with jpeg compression", "save it as PNG"},
		"zstd.tif":     {"RGB TIFF with zstd compression", "save it as PNG"},
		"cmyk.tif":     {"CMYK TIFF", "save it as PNG"},
		"float.tif":    {"floating-point numbers", "save it with 8 or 16 bits"},
		"32 bits.tif":  {"32-bit or signed numbers"},
		"negative.tif": {"whose zero is white", "save it as PNG"},
		"film.png":     {"is a film of 2 pictures"},
		"film.webp":    {"is a film of 2 pictures"},
		"gif.png":      {"it is no PNG, JPEG, BMP, TIFF or WebP, whatever its name says"},
		"empty.png":    {"cannot be read"},
		"no end.png":   {"cannot be read"},
		"no end.jpg":   {"cannot be read"},
		"fax.tif":      {"1 TIFF with group4 compression", "shown otherwise than stages read it", "save it as PNG"},
	} {
		path := filepath.Join(dir, "refused", name)
		filetest.Fails(t, wrong[path], append(texts, "image "+path)...)
		delete(wrong, path)
	}
	if len(wrong) > 0 {
		t.Errorf("refused besides: %v", wrong)
	}
}

// TestLevels: the same whole numbers in Python and in Go, and out of what a
// camera of 12 bits gives the whole range of 8.
func TestLevels(t *testing.T) {
	dir, _, _ := oddPhotos(t)
	for _, levels := range []Levels{levelsOf(12), levelsOf(8), {1000, 1001}, {300, 40000}, {0, 65535}} {
		path := filepath.Join(dir, "exact", "16.png")
		if levels[1] == 4095 {
			path = filepath.Join(dir, "exact", "12 of 16.tif")
		}
		said := reading()
		err := said.Reader.Read(t.Context(), []string{path}, levels, func(_ int, p Picture, err error) {
			if beyond := p.High > levels[1]; err != nil {
				if !beyond && !strings.Contains(err.Error(), "beyond the") {
					t.Error(err)
				}
				return
			}
			img, pixels := show(t, path, p, levels)
			if pixels != p.Pixels {
				t.Errorf("%v: shown otherwise than read", levels)
			}
			if levels[1] == 4095 && (img.Pix[0] != 0 || img.Pix[len(img.Pix)-4] != 255) {
				t.Errorf("12 bits become %d to %d", img.Pix[0], img.Pix[len(img.Pix)-4])
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if levelsOf(0) != nil || levelsOf(16) != nil {
		t.Error("all 16 bits need no levels: keys would change")
	}
}

// TestPythonThatIsNotThere is one sentence, and enough to show results.
func TestPythonThatIsNotThere(t *testing.T) {
	f := newFolder(t)
	f.picture("good/0.png", 0)
	folder := Folder{Format: "folders", Root: f.Root, Classes: []string{"good"}}
	for program, reason := range map[string]string{"/nowhere/python3": "no such file", "/bin/false": "exit status 1"} {
		none := Python{program, "../../scripts"}
		_, err := Scanner{Reader: none}.Scan(folder)
		filetest.Fails(t, err, "photos are read with "+program+", which does not start ("+"", reason, "run make build")
		set, err := Scanner{Reader: IfThere{none}}.Scan(folder)
		if err != nil || len(set.Images) != 1 {
			t.Errorf("%s: %v", program, err)
		}
	}
	_, err := Scanner{Reader: Python{"../../.venv/bin/python3", "/nowhere"}}.Scan(folder)
	filetest.Fails(t, err, "No module named 'common'")
}

// TestAPhotoThatKillsItsReader is named, and the others are read.
func TestAPhotoThatKillsItsReader(t *testing.T) {
	f := newFolder(t)
	for i := range 6 {
		f.picture(fmt.Sprintf("good/%d.png", i), i)
	}
	f.Text("scripts/common/photos.py", `
import json, os, sys
def answer():
    print(flush=True)
    for line in sys.stdin:
        if "3.png" in line:
            os.kill(os.getpid(), 9)
        print(json.dumps({"mode": "L", "width": 1, "height": 1, "pixels": line}), flush=True)
`)
	var mu sync.Mutex
	var read []string
	reader := Python{"../../.venv/bin/python3", f.Path("scripts")}
	paths := []string{"0.png", "1.png", "2.png", "3.png", "4.png", "5.png"}
	err := reader.Read(t.Context(), paths, nil, func(i int, _ Picture, err error) {
		mu.Lock()
		defer mu.Unlock()
		if i == 3 {
			filetest.Fails(t, err, "image 3.png ended the Python that read it (signal: killed)")
			return
		}
		if err != nil {
			t.Error(err)
		}
		read = append(read, paths[i])
	})
	slices.Sort(read)
	if err != nil || !slices.Equal(read, []string{"0.png", "1.png", "2.png", "4.png", "5.png"}) {
		t.Errorf("read %q, %v", read, err)
	}
}
