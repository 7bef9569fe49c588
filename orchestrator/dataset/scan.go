package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// extensions of files that are taken for images, in lower case.
var extensions = []string{".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}

func isImage(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name))) && !strings.HasPrefix(name, ".")
}

// Scan lists and hashes the images of the given classes (the good one first) in
// a folder laid out as format says: mvtec, folders or elpv.
func Scan(format, root string, classes []string) (*Set, error) {
	return (*Hashes)(nil).Scan(format, root, classes)
}

// Scan is Scan with remembered hashes.
func (h *Hashes) Scan(format, root string, classes []string) (*Set, error) {
	root, images, err := find(format, root, classes)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(h.all(images)...); err != nil {
		return nil, err
	}
	set, twice := unique(root, images)
	if len(twice) > 0 {
		return nil, twice[0]
	}
	return set, nil
}

// find lists the images of a folder, without looking into them.
func find(format, folder string, classes []string) (root string, images []Image, err error) {
	if root, err = filepath.Abs(folder); err != nil {
		return "", nil, err
	}
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, fmt.Errorf("dataset folder %s does not exist", root)
	case err != nil:
		return "", nil, fmt.Errorf("dataset folder: %w", err)
	case !info.IsDir():
		return "", nil, fmt.Errorf("dataset folder %s is not a folder", root)
	}
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
	return root, images, err
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

// unique sorts the images and keeps each content once: a copy of a test image
// must never be trained on under another name. Pictures that are in two classes
// are errors.
func unique(root string, images []Image) (*Set, []error) {
	slices.SortFunc(images, func(a, b Image) int {
		return cmp.Or(strings.Compare(a.Class, b.Class), strings.Compare(a.Name, b.Name))
	})
	set := &Set{Root: root}
	first := map[string]Image{}
	var twice []error
	for _, img := range images {
		same, seen := first[img.SHA256]
		switch {
		case !seen:
			first[img.SHA256] = img
			set.Images = append(set.Images, img)
		case same.Class != img.Class:
			twice = append(twice, fmt.Errorf("%s (%s) and %s (%s) are the same picture in two classes: remove one of them",
				same.Name, same.Class, img.Name, img.Class))
		default:
			set.Duplicates = append(set.Duplicates, Duplicate{img.Name, same.Name})
		}
	}
	return set, twice
}
