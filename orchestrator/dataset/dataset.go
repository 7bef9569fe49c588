// Package dataset finds the photos of an experiment, hashes them, and decides
// which of them are tested on and in which order the others are drawn.
package dataset

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup" // bounded parallel hashing; Go project, BSD

	_ "image/jpeg" // the formats that Pillow and the standard library share
	_ "image/png"

	_ "golang.org/x/image/bmp"  // inspection cameras write BMP and TIFF;
	_ "golang.org/x/image/tiff" // Go project, BSD
	_ "golang.org/x/image/webp"
)

// Image is one photo of a dataset.
type Image struct {
	Name   string // slash-separated path below the dataset's root
	Path   string // absolute
	SHA256 string // of the file's bytes, in hex: the image's identity
	Class  string
	Group  string // a kind of part that has its own good images (elpv: mono, poly), or ""
	Split  Split
}

// Split is what a dataset's own folders say an image is for.
type Split int

// The splits that dataset layouts know.
const (
	Pooled       Split = iota // the layout does not say: for training or for testing
	TrainingOnly              // mvtec: train/good
	TestingOnly               // mvtec: test/good
)

// Set is every usable image of the wanted classes.
type Set struct {
	Root       string
	Images     []Image     // sorted by class and name, each content once
	Duplicates []Duplicate // further files with the same content as one in Images
}

// Duplicate is a file that shows what another file of its class shows.
type Duplicate struct{ Name, Same string }

// Of lists the images of a class, by name.
func (s *Set) Of(class string) []Image {
	var images []Image
	for _, img := range s.Images {
		if img.Class == class {
			images = append(images, img)
		}
	}
	return images
}

// Group is the group that all images of a class share, or "" where they are of
// several or of none.
func (s *Set) Group(class string) string {
	images := s.Of(class)
	for _, img := range images {
		if img.Group != images[0].Group {
			return ""
		}
	}
	if len(images) == 0 {
		return ""
	}
	return images[0].Group
}

// extensions of files that are taken for images, in lower case.
var extensions = []string{".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}

func isImage(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name))) && !strings.HasPrefix(name, ".")
}

// Scan lists and hashes the images of the given classes (the good one first) in
// a folder laid out as format says: mvtec, folders or elpv.
func Scan(format, root string, classes []string) (*Set, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("dataset folder %s does not exist", root)
	case err != nil:
		return nil, fmt.Errorf("dataset folder: %w", err)
	case !info.IsDir():
		return nil, fmt.Errorf("dataset folder %s is not a folder", root)
	}
	var images []Image
	switch format {
	case "mvtec":
		images, err = scanMVTec(root, classes)
	case "folders":
		images, err = scanFolders(root, classes)
	case "elpv":
		images, err = scanELPV(root, classes)
	default:
		err = fmt.Errorf("unknown dataset format %q", format)
	}
	if err != nil {
		return nil, err
	}
	if err := hashAll(images); err != nil {
		return nil, err
	}
	return unique(root, images)
}

// list appends the images directly in a folder of the dataset.
func list(images []Image, root, folder, class string, split Split) ([]Image, error) {
	entries, err := os.ReadDir(filepath.Join(root, folder))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("class %q: folder %s does not exist", class, filepath.Join(root, folder))
	} else if err != nil {
		return nil, fmt.Errorf("class %q: %w", class, err)
	}
	for _, entry := range entries {
		if entry.IsDir() || !isImage(entry.Name()) {
			continue
		}
		images = append(images, Image{
			Name:  filepath.ToSlash(filepath.Join(folder, entry.Name())),
			Path:  filepath.Join(root, folder, entry.Name()),
			Class: class,
			Split: split,
		})
	}
	return images, nil
}

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

// unique sorts the images and keeps each content once: a copy of a test image
// must never be trained on under another name.
func unique(root string, images []Image) (*Set, error) {
	slices.SortFunc(images, func(a, b Image) int {
		return cmp.Or(strings.Compare(a.Class, b.Class), strings.Compare(a.Name, b.Name))
	})
	set := &Set{Root: root}
	first := map[string]Image{}
	for _, img := range images {
		same, seen := first[img.SHA256]
		switch {
		case !seen:
			first[img.SHA256] = img
			set.Images = append(set.Images, img)
		case same.Class != img.Class:
			return nil, fmt.Errorf("%s (%s) and %s (%s) are the same picture in two classes: remove one of them",
				same.Name, same.Class, img.Name, img.Class)
		default:
			set.Duplicates = append(set.Duplicates, Duplicate{img.Name, same.Name})
		}
	}
	return set, nil
}

// Verify decodes images completely, a few at a time, and names the first one
// that cannot be read: a truncated file is found before hours of training.
func Verify(images []Image) error {
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for _, img := range images {
		group.Go(func() error {
			file, err := os.Open(img.Path)
			if err != nil {
				return err
			}
			defer file.Close()
			if _, _, err := image.Decode(file); err != nil {
				return fmt.Errorf("image %s cannot be read (%w): replace or remove it", img.Path, err)
			}
			return nil
		})
	}
	return group.Wait()
}
