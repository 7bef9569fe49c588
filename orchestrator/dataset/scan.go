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
	"unicode/utf8"
)

// Scan lists and hashes the images of the given classes (the good one first) in
// a folder laid out as format says: mvtec, folders or elpv.
func Scan(format, root string, classes []string) (*Set, error) {
	return (*Hashes)(nil).Scan(format, root, classes)
}

// Scan is Scan with remembered hashes.
func (h *Hashes) Scan(format, root string, classes []string) (*Set, error) {
	found, err := find(format, root, classes)
	if err != nil {
		return nil, err
	}
	if err := cmp.Or(h.all(found.images)...); err != nil {
		return nil, err
	}
	set, twice := found.unique(found.images)
	if len(twice) > 0 {
		return nil, twice[0]
	}
	return set, nil
}

// find lists the images of a folder, without looking into them.
func find(format, folder string, classes []string) (*finder, error) {
	root, err := filepath.Abs(folder)
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
	case !utf8.ValidString(root):
		return nil, fmt.Errorf("dataset folder %q: its name is not UTF-8: rename it", root)
	}
	f := &finder{root: root}
	switch format {
	case "mvtec":
		err = f.mvtec(classes)
	case "folders":
		err = f.folders(classes)
	case "elpv":
		err = f.elpv(classes)
	default:
		err = fmt.Errorf("unknown dataset format %q", format)
	}
	return f, err
}

// unique sorts the images and keeps each content once: a copy of a test image
// must never be trained on under another name. Pictures that are in two classes
// are errors.
func (f *finder) unique(images []Image) (*Set, []error) {
	slices.SortFunc(images, func(a, b Image) int {
		return cmp.Or(strings.Compare(a.Class, b.Class), strings.Compare(a.Name, b.Name))
	})
	set := &Set{Root: f.root, LeftOut: f.left}
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
