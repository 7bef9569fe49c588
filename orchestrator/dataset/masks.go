package dataset

import (
	"fmt"
	"image"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"kizu/orchestrator/mask"
)

// Masks says where the masks of defects are: in a tree of folders, one a class of
// defects, as those of the photos.
type Masks struct {
	Tree   string // "" for the layout's own, if it has one
	Needed bool   // what is wrong with them stops Scan, which otherwise does not look at them
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
	switch {
	case folder.Masks.Tree == "" && folder.Format == "mvtec":
		tree := filepath.Join(root, groundTruth)
		if !isFolder(tree) {
			return "", nil
		}
		return tree, nil
	case folder.Masks.Tree == "":
		return "", nil
	}
	tree, err := filepath.Abs(folder.Masks.Tree)
	if err != nil {
		return "", err
	}
	if !isFolder(tree) {
		return "", fmt.Errorf("dataset.masks: %s is not a folder: it is that of the masks, with a folder for each class of defects", tree)
	}
	return tree, nil
}

// addMasks finds, hashes and reads the masks of images, and gives each image its own. It
// lists what is wrong with them.
func (s Scanner) addMasks(f *finder, classes []string) (problems []error, err error) {
	if f.maskTree == "" {
		return nil, nil
	}
	var files []MaskFile
	var owner []int // of each file, among the images
	some := false
	for _, class := range classes[1:] { // the photos of good parts need none
		folder, err := resolve(f.maskTree, class)
		if err != nil {
			continue
		}
		some = true
		found, owners, wrong := f.masksOf(class, filepath.Join(f.maskTree, folder))
		files, owner, problems = append(files, found...), append(owner, owners...), append(problems, wrong...)
	}
	if !some {
		return append(problems, fmt.Errorf("dataset.masks: %s has none of the folders %s", f.maskTree, strings.Join(classes[1:], ", "))), nil
	}
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
