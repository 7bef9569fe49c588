package dataset

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"kizu/orchestrator/filehash"
)

// Layout is how the photos in a folder are laid out, as far as names tell.
type Layout struct {
	Root    string
	Format  string // mvtec or folders
	Good    string // the class in train, for mvtec; "" where only names can tell
	Classes []FolderCount
	Masks   string // the folder of the defects' masks, by its name; "" for none
}

// FolderCount is a folder that a class may be called by, and how many files in it have
// the name of an image.
type FolderCount struct {
	Name  string
	Files int
}

// maskFolders are what folders of masks are called, in lower case; of several the first counts.
var maskFolders = []string{groundTruth, "masks", "mask", "gt", "labels", "annotations"}

// LookAround finds out how a folder is laid out. A folder without classes is an error,
// which says what there is instead.
func LookAround(path string) (*Layout, error) {
	root, err := rootOf(path)
	if err != nil {
		return nil, err
	}
	layout, best := &Layout{Root: root, Format: "folders"}, len(maskFolders)
	top, err := foldersWithPhotos(root)
	if err != nil {
		return nil, err
	}
	for _, folder := range top {
		rank := slices.Index(maskFolders, strings.ToLower(folder.Name))
		switch {
		case rank >= 0 && rank < best:
			layout.Masks, best = folder.Name, rank
		case rank < 0 && folder.Files > 0:
			layout.Classes = append(layout.Classes, folder)
		}
	}
	if len(layout.Classes) == 0 && hasSides(root) {
		return layout, layout.readSides()
	}
	if len(layout.Classes) == 0 {
		return nil, fmt.Errorf("%s has no folders with photos: photos belong into one folder a class, such as good and scratch, or are laid out as in MVTec AD (train/good, test/good, test/scratch)%s", root, instead(root, top))
	}
	return layout, nil
}

// readSides reads the layout of MVTec AD.
func (l *Layout) readSides() error {
	train, err := foldersWithPhotos(filepath.Join(l.Root, "train"))
	if err != nil {
		return err
	}
	train = slices.DeleteFunc(train, func(f FolderCount) bool { return f.Files == 0 })
	if len(train) != 1 {
		return fmt.Errorf("%s has train and test, and train has %d folders with photos: in MVTec AD's layout it has one, that of the good parts; otherwise put all photos of a class into one folder, and kizu divides them", l.Root, len(train))
	}
	l.Format, l.Good = "mvtec", train[0].Name
	test, err := foldersWithPhotos(filepath.Join(l.Root, "test"))
	if err != nil {
		return err
	}
	l.Classes = slices.DeleteFunc(test, func(f FolderCount) bool { return f.Files == 0 })
	if !slices.ContainsFunc(l.Classes, func(f FolderCount) bool { return f.Name == l.Good }) {
		return fmt.Errorf("%s has no photos of good parts to test on: MVTec AD's layout has them in test/%s", l.Root, l.Good)
	}
	return nil
}

// foldersWithPhotos lists the folders in a folder, hidden ones and a file system's own
// aside, and counts the images directly in each.
func foldersWithPhotos(path string) (list []FolderCount, err error) {
	entries, err := filehash.ReadDir(path)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		switch {
		case !entry.IsDir() || strings.HasPrefix(entry.Name(), ".") || entry.Name() == "lost+found":
			continue
		case !utf8.ValidString(entry.Name()):
			return nil, fmt.Errorf("the folder name %q in %s is not UTF-8: rename it", entry.Name(), path)
		}
		files, err := imagesIn(filepath.Join(path, entry.Name()))
		if err != nil {
			return nil, err
		}
		list = append(list, FolderCount{entry.Name(), files})
	}
	return list, nil
}

// imagesIn counts the images directly in a folder.
func imagesIn(folder string) (n int, err error) {
	entries, err := filehash.ReadDir(folder)
	for _, entry := range entries {
		if IsImage(entry.Name()) && !entry.IsDir() {
			n++
		}
	}
	return n, err
}

// instead says what a folder without classes has.
func instead(root string, folders []FolderCount) string {
	if n, _ := imagesIn(root); n > 0 {
		return fmt.Sprintf("; here are %d photos and nothing that says which class they are of", n)
	}
	if len(folders) == 0 {
		return "; it has no folders"
	}
	names := make([]string, len(folders))
	for i, folder := range folders {
		names[i] = folder.Name + "/"
	}
	return "; it has " + strings.Join(names[:min(len(names), 5)], ", ")
}
