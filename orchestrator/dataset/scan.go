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

	"kizu/orchestrator/filehash"
)

// Folder is what an experiment says of its photos.
type Folder struct {
	Format, Root string   // mvtec, folders or elpv
	Classes      []string // the good one first
	BitDepth     int      // of 16-bit photos; 0 for all bits
	AutoRange    bool     // 16-bit photos are mapped from the values that they use, all alike
	Parts        Parts
	Masks        Masks
}

// Scanner finds photos.
type Scanner struct {
	Memory   *Memory
	Reader   Reader                // nil: photos are told apart by their files alone
	Progress func(done, total int) // nil, or told how many of the photos that are not known yet are read
}

// Scan lists and hashes the images of the given classes (the good one first) in
// a folder laid out as format says, and looks into none.
func Scan(format, root string, classes []string) (*Set, error) {
	return Scanner{}.Scan(Folder{Format: format, Root: root, Classes: classes})
}

// Scan lists the images of a folder, and fails if one of them cannot be used.
func (s Scanner) Scan(folder Folder) (*Set, error) {
	found, problems, err := s.look(folder)
	if err != nil {
		return nil, err
	}
	if folder.Masks.Needed {
		wrong, err := s.addMasks(found, folder.Classes)
		if err != nil {
			return nil, err
		}
		problems = append(problems, wrong...)
	}
	set, twice := found.unique(found.images)
	s.describes(set)
	problems = append(problems, twice...)
	problems = slices.DeleteFunc(problems, func(problem error) bool { return problem == nil })
	switch more := len(problems) - 1; {
	case more > 0:
		return nil, fmt.Errorf("%w; and %d more: kizu check lists them", problems[0], more)
	case more == 0:
		return nil, problems[0]
	}
	return set, nil
}

// look finds, hashes and reads the images of a folder. Of each there may be a problem.
func (s Scanner) look(folder Folder) (*finder, []error, error) {
	found, err := find(folder)
	if err != nil {
		return nil, nil, err
	}
	problems := s.hash(found.images)
	if err := s.Memory.FileHashes().Context().Err(); err != nil {
		return nil, nil, err
	}
	if s.Reader == nil {
		return found, problems, nil
	}
	found.levels = levelsOf(folder.BitDepth)
	if err := s.read(found.images, found.levels, problems); err != nil || !folder.AutoRange {
		return found, problems, err
	}
	var used Range
	for _, img := range found.images {
		if img.Picture.deep() {
			used.add(img.Picture)
		}
	}
	if used.High == used.Low { // there are none, or nothing is on them
		return found, problems, nil
	}
	found.levels = Levels{used.Low, used.High}
	return found, problems, s.read(found.images, found.levels, problems)
}

// find lists the images of a folder, without looking into them.
func find(folder Folder) (*finder, error) {
	classes := folder.Classes
	root, err := rootOf(folder.Root)
	if err != nil {
		return nil, &Fault{Key: rootKey, Err: err}
	}
	f := &finder{root: root, format: folder.Format, inFolders: folder.Parts.Folders, parted: folder.Parts.Given()}
	if f.maskTree, err = maskTree(folder, root); err != nil {
		return nil, inMasks(err)
	}
	switch folder.Format {
	case "mvtec":
		err = f.mvtec(classes)
	case "folders":
		err = f.folders(classes)
	case "elpv":
		err = f.elpv(classes)
	default:
		err = fmt.Errorf("unknown dataset format %q", folder.Format)
	}
	if err == nil {
		if err = folder.Parts.mark(f.images); err != nil {
			err = &Fault{Key: partsKey, Err: err}
		}
	}
	return f, err
}

// rootOf is the folder of a dataset, by an absolute path.
func rootOf(path string) (string, error) {
	root, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	info, err := os.Stat(root)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		above := filepath.Dir(root)
		for !isFolder(above) {
			above = filepath.Dir(above)
		}
		entries, _ := filehash.ReadDir(above) // none to be shown where it cannot be read
		return "", fmt.Errorf("dataset folder %s does not exist; %s has %s", root, above, foldersOf(entries))
	case err != nil:
		return "", fmt.Errorf("dataset folder: %w", filehash.Denied(err))
	case !info.IsDir():
		return "", fmt.Errorf("dataset folder %s is not a folder", root)
	case !utf8.ValidString(root):
		return "", fmt.Errorf("dataset folder %q: its name is not UTF-8: rename it", root)
	}
	return root, nil
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return path == filepath.Dir(path) || err == nil && info.IsDir()
}

// unique sorts the images and keeps what each shows once: a copy of a test image
// must never be trained on under another name, or in another container. Pictures
// that are in two classes are errors.
func (f *finder) unique(images []Image) (*Set, []error) {
	slices.SortFunc(images, func(a, b Image) int {
		return cmp.Or(strings.Compare(a.Class, b.Class), strings.Compare(a.Name, b.Name))
	})
	set := &Set{Root: f.root, LeftOut: f.left, Levels: f.levels, Parted: f.parted}
	first := map[string]int{} // of what an image shows: the one that is kept
	var twice []error
	joined := joinedParts{}
	for _, img := range images {
		kept, seen := first[img.shows()]
		if !seen {
			first[img.shows()] = len(set.Images)
			set.Images = append(set.Images, img)
			continue
		}
		same := &set.Images[kept]
		switch {
		case same.Class != img.Class:
			twice = append(twice, fmt.Errorf("%s (%s) and %s (%s) are the same picture in two classes: remove one of them",
				same.Name, same.Class, img.Name, img.Class))
		default:
			same.Part = joined.join(same.Part, img.Part)
			if same.Marking == nil { // the mask may be that of the copy
				same.Marking = img.Marking
			}
			set.Duplicates = append(set.Duplicates, Duplicate{img.Name, same.Name, img.SHA256 != same.SHA256})
		}
	}
	set.Joined = joined.rename(set.Images)
	if set.measure(); set.Grey.Photos == 0 {
		set.Levels = nil // nothing is read with them
	}
	return set, twice
}

// hash fills in every image's SHA-256, and returns each image's error.
func (s Scanner) hash(images []Image) []error {
	paths := make([]string, len(images))
	for i := range images {
		paths[i] = images[i].Path
	}
	sums, problems := s.Memory.FileHashes().Files(paths)
	for i := range images {
		images[i].SHA256 = sums[i]
	}
	return problems
}

// read finds out what images show that have no problem: from memory, or by
// asking the reader, files of equal bytes once.
func (s Scanner) read(images []Image, levels Levels, problems []error) error {
	album := s.Memory.pictures()
	var paths, hashes []string
	same := map[string][]int{} // images by hash
	for i := range images {
		sum := images[i].SHA256
		known, ok := album.picture(sum, levels)
		switch {
		case problems[i] != nil:
		case ok:
			images[i].Picture = known
		case levels != nil && images[i].Picture.Pixels != "" && !images[i].Picture.deep(): // read before
		default:
			if same[sum] == nil {
				paths, hashes = append(paths, images[i].Path), append(hashes, sum)
			}
			same[sum] = append(same[sum], i)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	done := 0
	return s.Reader.Read(s.Memory.FileHashes().Context(), paths, levels, func(n int, p Picture, err error) {
		if err == nil {
			err = s.sure(paths[n], hashes[n], p, levels)
		}
		if err == nil {
			album.learn(hashes[n], levels, p)
		}
		for _, i := range same[hashes[n]] {
			images[i].Picture, problems[i] = p, err
		}
		if done++; s.Progress != nil {
			s.Progress(done, len(paths))
		}
	})
}

// sure makes sure that a picture can be shown, and is of the file that was hashed.
func (s Scanner) sure(path, sha256 string, p Picture, levels Levels) error {
	if err := showable(path, p, levels); err != nil {
		return err
	}
	sum, err := s.Memory.FileHashes().File(path)
	if err == nil && sum != sha256 {
		err = fmt.Errorf("image %s was changed while it was read: run again", path)
	}
	return err
}
