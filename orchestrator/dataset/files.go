package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"runtime"

	"golang.org/x/sync/errgroup" // bounded parallel hashing; Go project, BSD

	_ "image/jpeg" // the formats that Pillow and the standard library share
	_ "image/png"

	_ "golang.org/x/image/bmp"  // inspection cameras write BMP and TIFF;
	_ "golang.org/x/image/tiff" // Go project, BSD
	_ "golang.org/x/image/webp"
)

// all fills in every image's SHA-256, reading a few files at a time, and
// returns each image's error.
func (h *Hashes) all(images []Image) []error {
	var group errgroup.Group
	group.SetLimit(2 * runtime.NumCPU())
	problems := make([]error, len(images))
	for i := range images {
		group.Go(func() error {
			images[i].SHA256, problems[i] = h.File(images[i].Path)
			return nil
		})
	}
	_ = group.Wait()
	return problems
}

// HashFile returns the SHA-256 of a file's bytes, in hex.
func HashFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, file); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Verify decodes images completely, a few at a time, and names the first one
// that cannot be read: a truncated file is found before hours of training.
func Verify(images []Image) error {
	_, problems := decodeAll(images)
	for _, problem := range problems {
		if problem != nil {
			return problem
		}
	}
	return nil
}

// decodeAll decodes images completely, and returns the form or the error of each.
func decodeAll(images []Image) ([]Form, []error) {
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	forms, problems := make([]Form, len(images)), make([]error, len(images))
	for i, img := range images {
		group.Go(func() error {
			forms[i], problems[i] = decode(img.Path)
			return nil
		})
	}
	_ = group.Wait()
	return forms, problems
}

// Form is the size and the mode of a picture.
type Form struct {
	Width, Height int
	Mode          string // in Pillow's words: RGB, RGBA, L (grey), I;16, P (palette), CMYK
}

func decode(path string) (Form, error) {
	file, err := os.Open(path)
	if err != nil {
		return Form{}, err
	}
	defer file.Close()
	img, _, err := image.Decode(file)
	if err != nil {
		return Form{}, fmt.Errorf("image %s cannot be read (%w): replace or remove it", path, err)
	}
	return Form{img.Bounds().Dx(), img.Bounds().Dy(), mode(img.ColorModel())}, nil
}

// mode names a colour model as Pillow does.
func mode(model color.Model) string {
	switch model {
	case color.GrayModel:
		return "L"
	case color.Gray16Model:
		return "I;16"
	case color.NRGBAModel, color.NRGBA64Model:
		return "RGBA"
	case color.CMYKModel:
		return "CMYK"
	}
	if _, palette := model.(color.Palette); palette {
		return "P"
	}
	return "RGB" // also JPEG's YCbCr, which is read as RGB
}
