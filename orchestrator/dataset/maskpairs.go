package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/spelling"
)

// pairMasks finds the masks of classes of defects and which image each belongs to, by its
// number; the photos of good parts need none.
func (f *finder) pairMasks(classes []string) (files []MaskFile, owner []int, problems []error) {
	entries, err := filehash.ReadDir(f.maskTree)
	if err != nil {
		return nil, nil, []error{inMasks(fmt.Errorf("dataset.masks: %w", err))}
	}
	var strange []string // folders of no class
	for _, entry := range entries {
		name := norm.NFC.String(entry.Name())
		if !slices.Contains(classes, name) && isFolder(filepath.Join(f.maskTree, entry.Name())) {
			strange = append(strange, name)
		}
	}
	p := &maskPairs{finder: f}
	some := false
	for _, class := range classes[1:] {
		folder, err := resolve(f.maskTree, class)
		if err == nil {
			some = true
			p.pair(class, filepath.Join(f.maskTree, folder))
		} else if meant := spelling.Nearest(class, strange); meant != "" {
			some = true
			p.wrong(inMasks(fmt.Errorf("dataset.masks: %s has no folder for class %q, and one that is called %q: rename it", f.maskTree, class, meant)))
		}
	}
	if !some {
		p.wrong(inMasks(fmt.Errorf("dataset.masks: %s has none of the folders %s; it has %s", f.maskTree, strings.Join(classes[1:], ", "), foldersOf(entries))))
	}
	return p.files, p.owner, p.problems
}

// maskPairs are masks and the images that they belong to. A mask belongs to the image
// whose name it has, without extension, alone or before an underscore: 000_mask.png (MVTec
// AD), 000.png (anomalib) and 000_1.png are all of 000.png, unless there is an image 000_1;
// and so is what lies in a folder that is called so: 000/000.png (MVTec LOCO AD).
type maskPairs struct {
	*finder
	files    []MaskFile
	owner    []int // of each file, among the images
	problems []error
}

func (p *maskPairs) wrong(err error) { p.problems = append(p.problems, err) }

// pair finds the masks of a class in a folder.
func (p *maskPairs) pair(class, dir string) {
	images := map[string]map[string][]int{"": {}} // by folder inside the class's and by stem
	for i, img := range p.images {
		if img.Class != class {
			continue
		}
		inside := p.folderInside(img)
		if images[inside] == nil {
			images[inside] = map[string][]int{}
		}
		images[inside][stemOf(img.Name)] = append(images[inside][stemOf(img.Name)], i)
		if filepath.Dir(img.Path) == filepath.Join(dir, inside) {
			p.wrong(inMasks(fmt.Errorf("dataset.masks: %s has the photos of class %q: masks are in folders of their own", dir, class)))
			return
		}
	}
	for _, inside := range slices.Sorted(maps.Keys(images)) {
		folder, byStem := filepath.Join(dir, inside), images[inside]
		for _, name := range p.list(class, folder, "", byStem) {
			if inside != "" || images[name] == nil { // parts are listed by themselves
				p.list(class, filepath.Join(folder, name), name, byStem)
			}
		}
	}
}

// list adds the masks in a folder, which are all of one image if that is called so, and
// lists the folders in it.
func (p *maskPairs) list(class, dir, called string, byStem map[string][]int) (folders []string) {
	entries, err := filehash.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // not every part has masks
		p.wrong(inMasks(fmt.Errorf("dataset.masks: %w", err)))
	}
	others := map[string]int{} // files of kinds that are not read
	for _, entry := range entries {
		file, kind := filepath.Join(dir, entry.Name()), strings.ToLower(filepath.Ext(entry.Name()))
		what := filehash.Irregular(file)
		switch {
		case strings.HasPrefix(entry.Name(), "."):
		case what == "a folder":
			folders = append(folders, entry.Name())
		case slices.Contains(otherKinds, kind):
			others[kind]++
		case !IsImage(entry.Name()):
		case what != "":
			p.wrong(fmt.Errorf("mask %s is %s and no file: put the mask there, or take it away", file, what))
		default:
			name := cmp.Or(called, entry.Name())
			p.add(class, file, name, owners(stemOf(name), byStem))
		}
	}
	for _, kind := range slices.Sorted(maps.Keys(others)) {
		p.wrong(fmt.Errorf("masks %s (%d) are %s: save them as PNG", filepath.Join(dir, "*"+kind), others[kind], OtherKind))
	}
	return folders
}

// add adds a mask of the one image that may be called so.
func (p *maskPairs) add(class, file, called string, of []int) {
	switch len(of) {
	case 0:
		p.wrong(fmt.Errorf("mask %s has no photo: class %q has none called %s", file, class, photoName(called)))
	case 1:
		p.files, p.owner = append(p.files, MaskFile{Path: file}), append(p.owner, of[0])
	default:
		p.wrong(fmt.Errorf("mask %s may be of %s or of %s: rename one of the photos", file, p.images[of[0]].Name, p.images[of[1]].Name))
	}
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

// owners are the images with the longest stem that a mask's has or continues after an underscore.
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
