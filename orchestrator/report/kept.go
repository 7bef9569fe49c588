package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
)

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

// Kept is the table of the report that is there, if it is of just this plan and
// fits the screen.
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
