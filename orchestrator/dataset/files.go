package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
	"image/color"
	"io"
	"os"
	"runtime"
	"syscall"

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
func HashFile(path string) (string, error) { return hashFile(context.Background(), path) }

// hashFile stops when ctx does: a model of 25 GB takes a while.
func hashFile(ctx context.Context, path string) (string, error) {
	if what := notAFile(path); what != "" {
		return "", fmt.Errorf("%s is %s and no file", path, what)
	}
	// Without O_NONBLOCK, what was made a pipe since would be waited for.
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, interruptible{ctx, file}); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// interruptible is a reader that fails once its context has ended.
type interruptible struct {
	ctx  context.Context
	from io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
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
