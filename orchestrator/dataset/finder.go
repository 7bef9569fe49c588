package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm" // "é" as one character or as two; Go project, BSD

	"kizu/orchestrator/filehash"
)

// extensions of files that are taken for images, in lower case.
var extensions = []string{".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp"}

// IsImage reports whether a file is taken for an image, by its name.
func IsImage(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name))) && !strings.HasPrefix(name, ".")
}

// finder collects the images of a dataset's folder.
type finder struct {
	root   string
	format string
	images []Image
	read   []string // folders whose images are those of a class
	left   []LeftOut
	levels Levels // that 16-bit images are read with

	maskTree string // where masks are, or ""

	inFolders bool // images are in folders, one a part, inside that of their class
	parted    bool
}

// list adds the images directly in a folder of the dataset, by its slash-separated path.
func (f *finder) list(folder, class string, split Split) error {
	folder, err := resolve(f.root, folder)
	if err != nil {
		return ofClass(class, fmt.Errorf("%w%s", err, f.layoutHint()))
	}
	entries, err := filehash.ReadDir(filepath.Join(f.root, folder))
	if err != nil {
		return ofClass(class, err)
	}
	f.read = append(f.read, folder)
	f.leaveOut(folder, entries)
	for _, entry := range entries {
		if f.inFolders && entry.IsDir() && !f.ofMasks(filepath.Join(folder, entry.Name())) && !strings.HasPrefix(entry.Name(), ".") {
			inside := filepath.Join(folder, entry.Name())
			files, err := filehash.ReadDir(filepath.Join(f.root, inside))
			if err != nil {
				return ofClass(class, err)
			}
			if err := f.addFiles(inside, files, class, split, class+"/"+entry.Name()); err != nil {
				return err
			}
		}
	}
	return f.addFiles(folder, entries, class, split, "")
}

// addFiles adds the images among a folder's entries, by its path below the root.
func (f *finder) addFiles(folder string, entries []os.DirEntry, class string, split Split, part string) error {
	for _, entry := range entries {
		if !IsImage(entry.Name()) {
			continue
		}
		if !utf8.ValidString(entry.Name()) {
			return fmt.Errorf("class %q: the file name %q in %s is not UTF-8: rename it", class, entry.Name(), filepath.Join(f.root, folder))
		}
		f.add(Image{
			Name:  filepath.ToSlash(filepath.Join(folder, entry.Name())),
			Path:  filepath.Join(f.root, folder, entry.Name()),
			Class: class,
			Split: split,
			Part:  part,
		})
	}
	return nil
}

// add adds an image, unless it is something that only has an image's name. One
// that is missing is for reading to say.
func (f *finder) add(img Image) {
	if what := filehash.Irregular(img.Path); what != "" {
		f.left = append(f.left, LeftOut{img.Name, what, 1})
		return
	}
	f.images = append(f.images, img)
}

// resolve finds a path below a root. A name that is written in another Unicode normal form than on
// the disk is found too: macOS takes names apart (NFD), and editors put them together (NFC).
func resolve(root, path string) (string, error) {
	found := ""
	for _, name := range strings.Split(path, "/") {
		if _, err := os.Lstat(filepath.Join(root, found, name)); err == nil {
			found = filepath.Join(found, name)
			continue
		}
		entries, err := filehash.ReadDir(filepath.Join(root, found))
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(entries, func(e os.DirEntry) bool {
			return norm.NFC.String(e.Name()) == norm.NFC.String(name)
		})
		if i < 0 {
			return "", fmt.Errorf("folder %s does not exist; %s has %s", filepath.Join(root, path), filepath.Join(root, found), foldersOf(entries))
		}
		found = filepath.Join(found, entries[i].Name())
	}
	return found, nil
}

// layoutHint names the other layout where the folder seems to have that.
func (f *finder) layoutHint() string {
	sides := hasSides(f.root)
	switch {
	case f.format == "folders" && sides:
		return "; with train and test folders, dataset.format is mvtec"
	case f.format == "mvtec" && !sides:
		return "; without train and test folders, dataset.format is folders"
	}
	return ""
}

// hasSides reports whether a folder is laid out as MVTec AD's are, or meant to be.
func hasSides(root string) bool {
	return isFolder(filepath.Join(root, "train")) && isFolder(filepath.Join(root, "test"))
}

// foldersOf lists the folders among entries, for an error.
func foldersOf(entries []os.DirEntry) string {
	const shown = 12
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") {
			names = append(names, fmt.Sprintf("%q", entry.Name()))
		}
	}
	if len(names) == 0 {
		return "no folders"
	}
	text := strings.Join(names[:min(len(names), shown)], ", ")
	if more := len(names) - shown; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
