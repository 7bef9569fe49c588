package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/report/table"
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
	err := r.writeSheets(filepath.Join(dir, galleryFolder), pictures)
	if err == nil {
		err = r.writeCurves(filepath.Join(dir, "tensorboard"))
	}
	if err != nil {
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

// replace writes a file, in a folder that is made if need be.
func replace(path string, write func(io.Writer) error) error {
	var text bytes.Buffer
	err := write(&text)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(path), 0o777)
	}
	if err == nil {
		err = filehash.Replace(path, text.Bytes())
	}
	return err
}

// sheets are the picture files of all galleries.
func (r *Report) sheets() []gallery.Sheet {
	return gallery.Sheets(append(r.patternGalleries(), r.sampleGallery()))
}

// writeSheets fills the gallery folder and removes what an earlier report left there.
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

// Files beside a report: its table as text, plain and for terminals with
// colour, and what it is the report of.
const (
	tableFile    = "report.txt"
	colouredFile = "report.ansi"
	reportOf     = "report.key"
)

// TableWidth is how wide tables are where no screen says: in columns.
const TableWidth = 100

// Keep keeps the table of a complete report beside its page, and what it was made
// of, so that a run that finds nothing to do need not read every artifact again.
// program is the version of the program, of which a report depends as well.
func (r *Report) Keep(page, program string) error {
	stamp := filepath.Join(page, reportOf)
	if r.count(done) < len(r.cells) {
		if err := os.Remove(stamp); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	for name, colour := range map[string]bool{tableFile: false, colouredFile: true} {
		var text bytes.Buffer
		if err := r.Table(&text, table.Screen{Width: TableWidth, Colour: colour}); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(page, name), text.Bytes(), 0o666); err != nil {
			return err
		}
	}
	key, err := KeyOf(r.plan, program)
	if err != nil {
		return err
	}
	return os.WriteFile(stamp, []byte(key), 0o666)
}

// Kept is the table of the report that is there, if it is of just this plan and fits the screen.
func Kept(p *plan.Plan, page, program string, screen table.Screen) (text []byte, ok bool) {
	if _, err := os.Lstat(publishedPath(p.Experiment)); err == nil {
		return nil, false // what it says of the artifacts, it says of their files
	}
	key, err := KeyOf(p, program)
	if was, reading := os.ReadFile(filepath.Join(page, reportOf)); err != nil || reading != nil || string(was) != key {
		return nil, false
	}
	name := tableFile
	if screen.Colour {
		name = colouredFile
	}
	text, err = os.ReadFile(filepath.Join(page, name))
	_, missing := os.Stat(filepath.Join(page, "report.html"))
	return text, err == nil && missing == nil && screen.Width >= TableWidth
}

// KeyOf is a hash of everything that a report shows: this program, the
// experiment, the artifacts, the photos and which of them show one part.
func KeyOf(p *plan.Plan, program string) (string, error) {
	hash := sha256.New()
	hash.Write([]byte(program))
	lines := json.NewEncoder(hash)
	for _, part := range []any{p.Experiment, p.Set.Root, p.Set.Duplicates, p.Base.Name} {
		if err := lines.Encode(part); err != nil {
			return "", err
		}
	}
	for _, task := range p.Tasks {
		fmt.Fprintln(hash, task.Key, task.Label)
	}
	for _, img := range p.Set.Images { // test photos may look like any of them
		fmt.Fprintf(hash, "%q %q %s\n", img.Name, img.Part, img.SHA256)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}
