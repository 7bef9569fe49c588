package dataset

import (
	"errors"
	"fmt"
	"image"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/mask"
)

// Masks says where the masks of defects are: in a tree of folders, one a class of
// defects, as those of the photos.
type Masks struct {
	Trees  []string // where the tree may be, the first folder of them; none for the layout's own, if it has one
	Needed bool     // what is wrong with them stops Scan, which otherwise does not look at them
}

// Marking is which pixels of a photo show its defect.
type Marking struct {
	Mask  *mask.Mask // of all files together
	Files []MaskFile
}

// MaskFile is a file that marks pixels of a photo.
type MaskFile struct {
	Path   string // absolute
	SHA256 string // of the file's bytes, in hex
}

// Mask is which pixels of an image show its defect; nil where no mask says it.
func (img Image) Mask() *mask.Mask {
	if img.Marking == nil {
		return nil
	}
	return img.Marking.Mask
}

// groundTruth is where MVTec AD has its masks.
const groundTruth = "ground_truth"

// maskTree finds the folder of masks; "" if there is none.
func maskTree(folder Folder, root string) (string, error) {
	if len(folder.Masks.Trees) == 0 {
		if tree := filepath.Join(root, groundTruth); folder.Format == "mvtec" && isFolder(tree) {
			return tree, nil
		}
		return "", nil
	}
	var tried []string
	for _, tree := range folder.Masks.Trees {
		tree, err := filepath.Abs(tree)
		if err != nil || isFolder(tree) {
			return tree, err
		}
		if _, err := os.Stat(tree); errors.Is(err, fs.ErrPermission) {
			return "", fmt.Errorf("dataset.masks: %w", filehash.Denied(err))
		}
		if !slices.Contains(tried, tree) {
			tried = append(tried, tree)
		}
	}
	return "", fmt.Errorf("dataset.masks: %s: it is the folder of the masks, with a folder for each class of defects in it", noFolder(tried))
}

// noFolder says that none of some paths leads to a folder.
func noFolder(paths []string) string {
	if len(paths) == 1 {
		return paths[0] + " is not a folder"
	}
	return fmt.Sprintf("neither %s is a folder", strings.Join(paths, " nor "))
}

// ofMasks reports whether something, by its path below the root, is the mask tree, lies in
// it, or is there for it only.
func (f *finder) ofMasks(path string) bool {
	root, tree := real(f.root), real(f.maskTree)
	if path = real(filepath.Join(f.root, path)); f.maskTree == "" || holds(tree, root) {
		return false
	}
	if holds(path, tree) && path != tree {
		photos, _ := imagesIn(path)
		return photos == 0
	}
	return holds(tree, path)
}

// holds reports whether a path is another, or below it.
func holds(folder, path string) bool {
	below, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(below)
}

// real is where the links of a path lead; the path, where they lead nowhere.
func real(path string) string {
	if there, err := filepath.EvalSymlinks(path); err == nil {
		return there
	}
	return path
}

// addMasks finds, hashes and reads the masks of images, and gives each image its own. It
// lists what is wrong with them.
func (s Scanner) addMasks(f *finder, classes []string) (problems []error, err error) {
	if f.maskTree == "" {
		return nil, nil
	}
	files, owner, problems := f.pairMasks(classes)
	read, unread := s.readMasks(files)
	if err := s.Memory.FileHashes().Context().Err(); err != nil {
		return nil, err
	}
	for i, file := range files {
		img := &f.images[owner[i]]
		problem := unread[i]
		if problem == nil {
			problem = img.fits(file, read[i])
		}
		if problem != nil {
			problems = append(problems, problem)
			continue
		}
		img.mark(file, read[i])
	}
	return problems, nil
}

// mark adds what a file marks.
func (img *Image) mark(file MaskFile, read *mask.Mask) {
	if img.Marking == nil {
		img.Marking = &Marking{read, []MaskFile{file}}
		return
	}
	img.Marking = &Marking{mask.Union(img.Marking.Mask, read), append(img.Marking.Files, file)}
}

// readMasks hashes and reads masks, as many at once as there are cores. Of each there may
// be a problem.
func (s Scanner) readMasks(files []MaskFile) (read []*mask.Mask, problems []error) {
	paths := make([]string, len(files))
	for i := range files {
		paths[i] = files[i].Path
	}
	sums, problems := s.Memory.FileHashes().Files(paths)
	read = make([]*mask.Mask, len(files))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range files {
		if problems[i] != nil || s.Memory.FileHashes().Context().Err() != nil {
			continue
		}
		files[i].SHA256 = sums[i]
		group.Go(func() error {
			read[i], problems[i] = s.readMask(files[i])
			return nil
		})
	}
	_ = group.Wait()
	return read, problems
}

// readMask reads a mask: from memory, or the file that was hashed.
func (s Scanner) readMask(file MaskFile) (*mask.Mask, error) {
	album := s.Memory.pictures()
	if known := album.mask(file.SHA256); known != nil {
		return known, nil
	}
	read, err := mask.Read(file.Path)
	if err != nil {
		return nil, err
	}
	switch sum, err := s.Memory.FileHashes().File(file.Path); {
	case err != nil:
		return nil, err
	case sum != file.SHA256:
		return nil, fmt.Errorf("mask %s was changed while it was read: run again", file.Path)
	}
	album.learnMask(file.SHA256, read)
	return read, nil
}

// fits makes sure that a mask can be one of an image.
func (img Image) fits(file MaskFile, read *mask.Mask) error {
	size, photo := image.Pt(read.Width, read.Height), image.Pt(img.Picture.Width, img.Picture.Height)
	switch {
	case len(read.Runs) == 0:
		return fmt.Errorf("mask %s marks no pixel: mark the defect of %s, or move the photo to the good ones", file.Path, img.Name)
	case photo == image.Pt(0, 0) || size == photo: // the first if nothing is known of photos
		return nil
	case img.Picture.Orientation > 4 && size == image.Pt(photo.Y, photo.X):
		return fmt.Errorf("mask %s is %d×%d and photo %s, which its EXIF orientation turns, %d×%d: save the photo upright or rotate the mask",
			file.Path, size.X, size.Y, img.Name, photo.X, photo.Y)
	}
	return fmt.Errorf("mask %s is %d×%d and its photo %s %d×%d: a mask has its photo's size",
		file.Path, size.X, size.Y, img.Name, photo.X, photo.Y)
}

// MayBeTurned lists the images that their EXIF orientation turns while their masks would
// fit in either way: only eyes can tell whether these are turned as well.
func (s *Set) MayBeTurned() []Image {
	return slices.DeleteFunc(slices.Clone(s.Images), func(img Image) bool {
		p := img.Picture
		return img.Marking == nil || p.Orientation <= 1 || p.Orientation > 4 && p.Width != p.Height
	})
}
