package dataset

import (
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kizu/orchestrator/filehash"
)

// LeftOut is something in a dataset's folder that may have been meant as photos, and is not read.
type LeftOut struct {
	Name  string `json:"name"` // of a file or a folder below the root, or for files of one kind "good/*.gif"
	Why   string `json:"why"`
	Files int    `json:"files"` // pictures that are left out with it
}

// Why folders and files are left out. What has an image's name and is no file is left
// out for being what it is: a device, a folder.
const (
	NoClass   = "of no class"                // a folder where classes have theirs
	TooDeep   = "in a class's subfolder"     // a folder, and parts are not told by folders
	OtherKind = "of a kind that is not read" // pictures
	Hidden    = "hidden"                     // files whose names begin with a dot
)

// otherKinds are extensions of pictures that are not read.
var otherKinds = []string{".gif", ".heic", ".heif", ".avif", ".jfif", ".jxl", ".jp2", ".psd", ".dng", ".cr2", ".nef", ".arw", ".raw", ".svg", ".npy", ".pgm", ".ppm", ".exr"}

// leaveOut notes what a class's folder has besides images that may have been
// meant as such: pictures of other kinds, hidden ones, and folders.
func (f *finder) leaveOut(folder string, entries []os.DirEntry) {
	counts, hidden := map[string]int{}, 0
	for _, entry := range entries {
		name := entry.Name()
		switch kind := strings.ToLower(filepath.Ext(name)); {
		case f.ofMasks(filepath.Join(folder, name)):
		case strings.HasPrefix(name, "."):
			if !entry.IsDir() && slices.Contains(extensions, kind) {
				hidden++
			}
		case entry.IsDir() && !IsImage(name) && !f.inFolders:
			f.leaveOutFolder(filepath.Join(folder, name), TooDeep)
		case slices.Contains(otherKinds, kind):
			counts[kind]++
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		f.left = append(f.left, LeftOut{filepath.ToSlash(filepath.Join(folder, "*"+kind)), OtherKind, counts[kind]})
	}
	if hidden > 0 {
		f.left = append(f.left, LeftOut{filepath.ToSlash(filepath.Join(folder, ".*")), Hidden, hidden})
	}
}

// leaveOutOthers notes the folders, where classes have theirs, of which there is no class.
func (f *finder) leaveOutOthers(folder string) {
	entries, err := filehash.ReadDir(filepath.Join(f.root, folder))
	if err != nil {
		return // listing the classes says so
	}
	for _, entry := range entries {
		path := filepath.Join(folder, entry.Name())
		read := slices.ContainsFunc(f.read, func(read string) bool {
			return read == path || strings.HasPrefix(read, path+string(filepath.Separator)) // of a class such as front/scratch
		})
		if entry.IsDir() && !strings.HasPrefix(entry.Name(), ".") && !read && !f.ofMasks(path) {
			f.leaveOutFolder(path, NoClass)
		}
	}
}

// leaveOutFolder notes a folder and how many images are directly in it.
func (f *finder) leaveOutFolder(folder, why string) {
	n, _ := imagesIn(filepath.Join(f.root, folder)) // of one that may not be read nothing is known
	f.left = append(f.left, LeftOut{filepath.ToSlash(folder) + "/", why, n})
}

// Inspection is everything that can be said of a folder's images, whatever is wrong with them.
type Inspection struct {
	Set      *Set             // of the images that can be read
	Forms    map[string][]int // how many images of each class have each of Kinds
	Kinds    []Form           // sizes and modes, the most frequent first
	Problems []error          // files that cannot be read, pictures in two classes

	MaskProblems []error // what is wrong with masks, if that is no problem since nothing needs them
}

// Inspect is Scan for people: where Scan stops at a mistake, it lists all.
func (s Scanner) Inspect(folder Folder) (*Inspection, error) {
	found, problems, err := s.look(folder)
	if err != nil {
		return nil, err
	}
	in := &Inspection{Forms: map[string][]int{}}
	if in.MaskProblems, err = s.addMasks(found, folder.Classes); err != nil {
		return nil, err
	}
	counts := map[Form]map[string]int{}
	var readable []Image
	for i, img := range found.images {
		if problems[i] != nil {
			in.Problems = append(in.Problems, problems[i])
			continue
		}
		readable = append(readable, img)
		form := img.Picture.form()
		if counts[form] == nil {
			counts[form] = map[string]int{}
		}
		counts[form][img.Class]++
	}
	in.count(counts, folder.Classes)
	if folder.Masks.Needed {
		in.Problems, in.MaskProblems = append(in.Problems, in.MaskProblems...), nil
	}
	var twice []error
	in.Set, twice = found.unique(readable)
	s.describes(in.Set)
	in.Problems = append(in.Problems, twice...)
	return in, nil
}

// count orders the forms and counts them by class.
func (in *Inspection) count(counts map[Form]map[string]int, classes []string) {
	total := map[Form]int{}
	for form, byClass := range counts {
		in.Kinds = append(in.Kinds, form)
		for _, n := range byClass {
			total[form] += n
		}
	}
	slices.SortFunc(in.Kinds, func(a, b Form) int {
		return cmp.Or(cmp.Compare(total[b], total[a]), cmp.Compare(a.String(), b.String()))
	})
	for _, class := range classes {
		for _, form := range in.Kinds {
			in.Forms[class] = append(in.Forms[class], counts[form][class])
		}
	}
}
