package dataset

import (
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"kizu/orchestrator/filehash"
)

// masksOf pairs the masks of a class with images. A mask belongs to the image whose name
// it has, without extension, alone or before an underscore: 000_mask.png (MVTec AD),
// 000.png (anomalib) and 000_1.png are all of 000.png, unless there is an image 000_1.
func (f *finder) masksOf(class, dir string) (files []MaskFile, owner []int, problems []error) {
	images := map[string]map[string][]int{} // by folder inside the class's and by stem
	for i, img := range f.images {
		if img.Class != class {
			continue
		}
		inside := f.folderInside(img)
		if images[inside] == nil {
			images[inside] = map[string][]int{}
		}
		images[inside][stemOf(img.Name)] = append(images[inside][stemOf(img.Name)], i)
		if filepath.Dir(img.Path) == filepath.Join(dir, inside) {
			return nil, nil, []error{fmt.Errorf("dataset.masks: %s has the photos of class %q: masks are in folders of their own", dir, class)}
		}
	}
	for _, inside := range slices.Sorted(maps.Keys(images)) {
		byStem := images[inside]
		entries, err := os.ReadDir(filepath.Join(dir, inside))
		if err != nil && inside == "" {
			problems = append(problems, fmt.Errorf("dataset.masks: %w", err))
		}
		for _, entry := range entries {
			file := filepath.Join(dir, inside, entry.Name())
			if !isImage(entry.Name()) || filehash.Irregular(file) != "" {
				continue
			}
			switch of := owners(stemOf(entry.Name()), byStem); len(of) {
			case 0:
				problems = append(problems, fmt.Errorf("mask %s has no photo: class %q has none called %s", file, class, photoName(entry.Name())))
			case 1:
				files, owner = append(files, MaskFile{Path: file}), append(owner, of[0])
			default:
				problems = append(problems, fmt.Errorf("mask %s may be of %s or of %s: rename one of the photos", file, f.images[of[0]].Name, f.images[of[1]].Name))
			}
		}
	}
	return files, owner, problems
}

// folderInside is the folder inside that of its class in which an image is; "" for none.
func (f *finder) folderInside(img Image) string {
	if !f.inFolders || img.Part == "" {
		return ""
	}
	return path.Base(path.Dir(img.Name))
}

// stemOf is a file's name without its extension, composed as editors write it.
func stemOf(name string) string {
	name = path.Base(name)
	return norm.NFC.String(strings.TrimSuffix(name, path.Ext(name)))
}

// owners are the images with the longest stem that a mask's has or continues after an
// underscore.
func owners(stem string, byStem map[string][]int) []int {
	for {
		if of := byStem[stem]; len(of) > 0 {
			return of
		}
		end := strings.LastIndex(stem, "_")
		if end < 0 {
			return nil
		}
		stem = stem[:end]
	}
}

// photoName is what a mask's photo would be called, without an extension.
func photoName(name string) string {
	return strings.TrimSuffix(stemOf(name), "_mask")
}
