package report

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"kizu/orchestrator/report/gallery"
)

// Write writes every output into a folder, made if need be. Each file is
// replaced whole, so that a reader never sees half of one.
func (r *Report) Write(dir string) error {
	pictures := r.album()
	for _, output := range []struct {
		name  string
		write func(io.Writer) error
	}{
		{"results.json", r.JSON},
		{"results.csv", r.writeCSV},
		{"tables.tex", r.writeLaTeX},
		{"report.md", r.writeMarkdown},
		{"report.html", func(w io.Writer) error { return r.writePage(w, pictures) }},
	} {
		if err := replace(filepath.Join(dir, output.name), output.write); err != nil {
			return fmt.Errorf("report: %w", err)
		}
	}
	if err := r.writeSheets(filepath.Join(dir, galleryFolder), pictures); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := r.writeCurves(filepath.Join(dir, "tensorboard")); err != nil {
		return fmt.Errorf("report: %w", err)
	}
	return nil
}

// thumbnailSide is the most pixels that a picture on the page is wide.
const thumbnailSide = 256

// album is where the report's pictures are drawn, as networks see them.
func (r *Report) album() *gallery.Album {
	return gallery.NewAlbum(thumbnailSide, r.plan.Set, r.plan.Experiment.Dataset.Fit.OfStages())
}

// galleryFolder holds the contact sheets that report.md shows.
const galleryFolder = "gallery"

// replace writes a file beside its place and then moves it there.
func replace(path string, write func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	// Not os.CreateTemp, whose files nobody else may read.
	beside := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+"-"+rand.Text())
	file, err := os.OpenFile(beside, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(file)
	err = write(out)
	if err == nil {
		err = out.Flush()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
		return err
	}
	return nil
}

// sheets are the picture files of all galleries.
func (r *Report) sheets() []gallery.Sheet {
	galleries := r.patternGalleries()
	if samples, ok := r.sampleGallery(); ok {
		galleries = append(galleries, samples)
	}
	return gallery.Sheets(galleries)
}

// writeSheets fills the gallery folder and removes what an earlier report left
// there.
func (r *Report) writeSheets(dir string, pictures *gallery.Album) error {
	current := map[string]bool{}
	for _, s := range r.sheets() {
		current[s.File] = true
		err := replace(filepath.Join(dir, s.File), func(w io.Writer) error { return s.Write(w, pictures) })
		if err != nil {
			return err
		}
	}
	old, err := filepath.Glob(filepath.Join(dir, "[0-9]*.png"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if !current[filepath.Base(path)] {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}
