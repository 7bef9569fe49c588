package export

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix" // syncfs; Go project, BSD

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// Marker says of which study a folder is an export, and whether all of it is there.
type Marker struct {
	Study   string   `json:"study"`
	Plan    string   `json:"plan"` // a hash of its tasks and photos
	What    []string `json:"what"`
	Format  string   `json:"format"`
	State   string   `json:"state"` // unfinished, partial or whole
	Missing []string `json:"missing"`
	Kizu    string   `json:"kizu"` // the version of the program
}

const (
	markerFile = "kizu-export.json"
	stagingDir = ".kizu-export" // of files that are being written
)

// writer writes file by file, each by one rename, and the marker first and last: no file is
// ever half there, and the marker says whether the folder is. So the same command goes on where
// it was stopped, passing over what is there with the contents that it should have, and adds
// what the store did not have before; a folder that is renamed as a whole could do neither.
type writer struct {
	dir   string
	link  bool
	first map[string]string // file with some contents, by SHA-256
}

// Write exports what the store has of an experiment, in hard links if link is set, and returns
// what it wrote and left out. A folder with anything else in it is an error.
func Write(ctx context.Context, p *plan.Plan, st *store.Store, onnx ToONNX, dir string, link bool, m Marker) (parts []Part, err error) {
	whole, err := claim(dir, m)
	if err != nil {
		return nil, err
	}
	parts, lineage := Layout(p, st, onnx, m.What, m.Format), bytes.Buffer{}
	if i := slices.IndexFunc(parts, func(part Part) bool { return part.Lacks != "" }); whole && i >= 0 {
		return nil, fmt.Errorf("%s has all of it, and stays as it is, since the store no longer has: %s", dir, parts[i])
	}
	w := &writer{dir, link, map[string]string{}}
	defer func() { err = cmp.Or(err, os.RemoveAll(w.at(stagingDir))) }() // also what a full disk cut off
	m.State, m.Missing = "unfinished", []string{}
	if err := w.text(markerFile, marshal(m)); err != nil {
		return nil, err
	}
	table := csv.NewWriter(&lineage)
	_ = table.Write([]string{"path", "class", "origin", "method", "photo", "defect_photo", "lora", "seed", "image_seed", "artifact", "sha256"})
	for i := range parts {
		if err := w.part(ctx, &parts[i]); err != nil {
			return nil, err
		}
		for _, f := range parts[i].files {
			_ = table.Write([]string{f.Path, f.Class, f.Origin, f.Method, f.Photo, f.Defect, f.LoRA, f.Seed, f.ImageSeed, f.Artifact, f.SHA256})
		}
		if parts[i].Lacks != "" {
			m.Missing = append(m.Missing, parts[i].String())
		}
	}
	table.Flush()
	text, err := readme(p, m, parts)
	err = cmp.Or(err, w.text("README.md", text), w.text("lineage.csv", lineage.Bytes()))
	if folder, opening := os.Open(dir); opening == nil { // the marker vouches for what is there
		err = cmp.Or(err, unix.Syncfs(int(folder.Fd())), folder.Close())
	}
	if m.State = "whole"; len(m.Missing) > 0 {
		m.State = "partial"
	}
	if err == nil {
		err = w.text(markerFile, marshal(m))
	}
	return parts, err
}

// claim makes sure that a folder is empty, or holds an export of the same, and says whether that
// is whole.
func claim(dir string, m Marker) (whole bool, err error) {
	var there Marker
	text, err := os.ReadFile(filepath.Join(dir, markerFile))
	if errors.Is(err, fs.ErrNotExist) {
		entries, err := os.ReadDir(dir)
		if slices.ContainsFunc(entries, func(e os.DirEntry) bool { return e.Name() != stagingDir }) {
			return false, fmt.Errorf("%s has files and is no export of kizu: name a folder that is empty or not there", dir)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		return false, nil
	}
	switch err := cmp.Or(err, json.Unmarshal(text, &there)); {
	case err != nil:
		return false, fmt.Errorf("%s has no export that can be read (%w): name another folder", dir, err)
	case there.Study != m.Study || there.Plan != m.Plan || there.Format != m.Format || !slices.Equal(there.What, m.What):
		return false, fmt.Errorf("%s is an export of %s with other tasks, photos, --what or --format: name another folder, or take it away", dir, there.Study)
	}
	return there.State == "whole", nil
}

// part writes a part, if what it is made of is as it was.
func (w *writer) part(ctx context.Context, part *Part) error {
	for _, f := range part.files {
		if f.from != "" && (f.made != nil || !has(w.at(f.Path), f.sum)) && !has(f.from, f.sum) {
			part.files, part.Lacks = nil, f.from+" cannot be read, or is not what it was: see kizu verify and kizu plan"
			return nil
		}
	}
	for i := range part.files {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err := w.put(&part.files[i]); err != nil {
			return err
		}
	}
	return nil
}

// put writes a file, unless it is there with the contents that it should have.
func (w *writer) put(f *file) (err error) {
	var text []byte
	if f.SHA256 = f.sum; f.made != nil {
		if text, err = f.made(); err != nil {
			return err
		}
		f.SHA256 = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	path, staged := w.at(f.Path), w.at(filepath.Join(stagingDir, rand.Text()))
	if !has(path, f.SHA256) {
		err = cmp.Or(os.MkdirAll(filepath.Dir(staged), 0o777), os.MkdirAll(filepath.Dir(path), 0o777))
		switch {
		case err != nil:
		case f.made != nil:
			err = os.WriteFile(staged, text, 0o666)
		default:
			err = w.place(f, staged)
		}
		if err == nil {
			err = os.Rename(staged, path)
		}
	}
	w.first[f.SHA256] = cmp.Or(w.first[f.SHA256], path)
	return err
}

// place makes a copy, and no hard link to the store or to a photo unless that was asked for:
// who edits one name edits the other, and an artifact is only as good as its hash. Where the
// file system can, a copy shares its blocks until it is changed: io.Copy asks for that, by
// copy_file_range. Within the export, files of equal contents, such as a photo in several
// training sets, are one file with several names.
func (w *writer) place(f *file, staged string) error {
	if w.link && os.Link(f.from, staged) == nil {
		return nil
	}
	if first := w.first[f.sum]; first != "" && os.Link(first, staged) == nil {
		return nil
	}
	from, err := filehash.OpenFile(f.from)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.Create(staged)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return cmp.Or(err, to.Close())
}

func (w *writer) at(name string) string { return filepath.Join(w.dir, filepath.FromSlash(name)) }

func (w *writer) text(name string, text []byte) error {
	return w.put(&file{made: func() ([]byte, error) { return text, nil }, Row: Row{Path: name}})
}

func has(path, sum string) bool {
	there, err := filehash.File(path)
	return err == nil && there == sum
}
