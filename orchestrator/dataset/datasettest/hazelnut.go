// Package datasettest makes folders of pictures for tests, laid out as real datasets are.
package datasettest

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"kizu/orchestrator/dataset"
)

// hazelnut is how many pictures MVTec AD's category hazelnut has in each folder
// (Bergmann et al., CVPR 2019, table 1).
var hazelnut = []struct {
	folder string
	n      int
}{
	{"train/good", 391}, {"test/good", 40},
	{"test/crack", 18}, {"test/cut", 17}, {"test/hole", 18}, {"test/print", 17},
}

// WriteHazelnut makes dir/hazelnut with MVTec AD's layout and counts: pictures
// of side × side pixels, no two alike, and a mask for each defect.
func WriteHazelnut(dir string, side int) error {
	root := filepath.Join(dir, "hazelnut")
	for number, part := range hazelnut {
		class := filepath.Base(part.folder)
		for i := range part.n {
			random := rand.New(rand.NewPCG(uint64(number), uint64(i)))
			nut, mask := draw(class, side, random)
			if err := write(filepath.Join(root, part.folder, fmt.Sprintf("%03d.png", i)), nut); err != nil {
				return err
			}
			if class == "good" {
				continue
			}
			if err := write(filepath.Join(root, "ground_truth", class, fmt.Sprintf("%03d_mask.png", i)), mask); err != nil {
				return err
			}
		}
	}
	return nil
}

// draw paints a brown nut on a dark ground, with its defect, and the defect's
// mask. Noise makes every picture another file.
func draw(class string, side int, random *rand.Rand) (image.Image, image.Image) {
	nut, mask := image.NewRGBA(image.Rect(0, 0, side, side)), image.NewGray(image.Rect(0, 0, side, side))
	at := func(share float64) float64 { return share * float64(side) }
	centre, radius := at(0.48+0.04*random.Float64()), at(0.3+0.08*random.Float64())
	// Where the defect is, between the centre and the rim.
	dx, dy := radius*(random.Float64()-0.5), radius*(random.Float64()-0.5)
	for y := range side {
		for x := range side {
			px, py := float64(x)-centre, float64(y)-centre
			shade := color.RGBA{20, 20, 24, 255}
			if px*px+py*py < radius*radius {
				shade = color.RGBA{150, 96, 56, 255}
				if tint, ok := defect(class, (px-dx)/at(1), (py-dy)/at(1)); ok {
					shade = tint
					mask.SetGray(x, y, color.Gray{Y: 255})
				}
			}
			noise := uint8(random.IntN(16))
			nut.SetRGBA(x, y, color.RGBA{shade.R + noise, shade.G + noise, shade.B + noise, 255})
		}
	}
	return nut, mask
}

// defect is the colour of a defect at a distance from its centre, in shares of
// the picture's side; false where the nut is sound.
func defect(class string, dx, dy float64) (color.RGBA, bool) {
	switch class {
	case "crack": // a long dark line
		return color.RGBA{40, 20, 10, 255}, dx-dy < 0.03 && dy-dx < 0.03
	case "cut": // a short light line
		return color.RGBA{210, 170, 120, 255}, dx > -0.12 && dx < 0.12 && dy > -0.03 && dy < 0.03
	case "hole": // a dark disc
		return color.RGBA{10, 5, 0, 255}, dx*dx+dy*dy < 0.004
	case "print": // a white square
		return color.RGBA{230, 230, 230, 255}, dx > -0.06 && dx < 0.06 && dy > -0.06 && dy < 0.06
	}
	return color.RGBA{}, false
}

func write(path string, img image.Image) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := png.Encode(file, img); err != nil {
		file.Close()
		return err
	}
	return file.Close()
}

// began is where the test began; it may be elsewhere since.
var began, _ = os.Getwd()

// Home is the folder of kizu's scripts and virtual environment, above the
// folder that the test began in.
func Home(tb testing.TB) string {
	tb.Helper()
	for dir := began; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "scripts", "versions.json")); err == nil {
			return dir
		}
	}
	tb.Fatal("no folder above the test's has kizu's scripts")
	return ""
}

// Python is the reader of photos that the program uses.
func Python(tb testing.TB) dataset.Python {
	tb.Helper()
	home := Home(tb)
	return dataset.Python{Program: filepath.Join(home, ".venv", "bin", "python3"), Scripts: filepath.Join(home, "scripts")}
}
