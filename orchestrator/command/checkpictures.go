package command

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/plan"
)

// sheetMark is in every sheet that scripts/common/contact_sheet.py writes: only what has
// it is written over.
const sheetMark = "tEXtSoftware\x00kizu check --pictures"

// drawPictures writes sheets of what networks see of photos into a folder, and returns their paths.
func drawPictures(ctx context.Context, s *settings, planned *plan.Plan, dir string) ([]string, error) {
	if planned == nil { // for there are problems, which are said
		return nil, nil
	}
	home, err := s.home()
	if err != nil {
		return nil, err
	}
	python, err := s.photoReader(home)
	if err != nil {
		return nil, err
	}
	if within, err := inside(dir, planned.Set.Root); err != nil || within {
		return nil, cmp.Or(err, fmt.Errorf("--pictures: %s is among the photos, and its pictures would be taken for some: name another folder", dir))
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("--pictures: %w", err)
	}
	sheets := planned.Sheets()
	names := slices.Sorted(maps.Keys(sheets))
	var paths []string
	for _, name := range names {
		path := filepath.Join(dir, name+".png")
		if text, err := os.ReadFile(path); err == nil && !bytes.Contains(text, []byte(sheetMark)) || err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("--pictures: %s is there, and kizu did not write it: name another folder, or take it away", path)
		}
		paths = append(paths, path)
	}
	for i, name := range names {
		if err := drawSheet(ctx, python, sheets[name], paths[i]); err != nil {
			return nil, fmt.Errorf("--pictures: %w", err)
		}
	}
	return paths, nil
}

// inside reports whether a folder is another, or in it, wherever links lead.
func inside(dir, root string) (bool, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return false, err
	}
	for there := dir; ; there = filepath.Dir(there) { // as much of it as there is
		if real, err := filepath.EvalSymlinks(there); err == nil {
			dir = real
			break
		}
	}
	if root, err = filepath.EvalSymlinks(root); err != nil {
		return false, err
	}
	below, err := filepath.Rel(root, dir)
	return err == nil && filepath.IsLocal(below), err
}

// drawSheet writes one sheet; what was there stays until it is whole.
func drawSheet(ctx context.Context, python dataset.Python, sheet dataset.Sheet, path string) error {
	dir, err := os.MkdirTemp(filepath.Dir(path), ".kizu-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sheet.Output = filepath.Join(dir, "sheet.png")
	if err := python.Draw(ctx, sheet); err != nil {
		return err
	}
	return os.Rename(sheet.Output, path)
}
