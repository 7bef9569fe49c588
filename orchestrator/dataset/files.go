package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"image"
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

// hashAll fills in every image's SHA-256, reading a few files at a time.
func hashAll(images []Image) error {
	var group errgroup.Group
	group.SetLimit(2 * runtime.NumCPU())
	for i := range images {
		group.Go(func() (err error) {
			images[i].SHA256, err = HashFile(images[i].Path)
			return err
		})
	}
	return group.Wait()
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
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	problems := make([]error, len(images))
	for i, img := range images {
		group.Go(func() error {
			problems[i] = verify(img.Path)
			return nil
		})
	}
	_ = group.Wait()
	for _, problem := range problems {
		if problem != nil {
			return problem
		}
	}
	return nil
}

func verify(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	if _, _, err := image.Decode(file); err != nil {
		return fmt.Errorf("image %s cannot be read (%w): replace or remove it", path, err)
	}
	return nil
}
