package table

import (
	"regexp"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

var sgr = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// What is claimed is bold, what failed red; a name that says "failed" is a name.
func TestStyles(t *testing.T) {
	g := Table{
		Columns: []Column{{Head: "first"}, {Head: "p", Numeric: true}},
		Rows:    [][]string{{"failed", "0.01"}, {"b", "failed"}, {"c", "–"}, {"d", "missing"}},
		Claims:  []int{0},
	}
	var out strings.Builder
	g.WriteText(&out, Screen{40, true})
	for _, want := range []string{"\x1b[1mfailed\x1b", "\x1b[1m0.01\x1b", "\x1b[31mfailed\x1b", "\x1b[2m–\x1b", "\x1b[33mmissing\x1b", "\nb  "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in\n%q", want, out.String())
		}
	}
	lines := strings.Split(strings.TrimSpace(sgr.ReplaceAllString(out.String(), "")), "\n")
	for _, line := range lines {
		if runewidth.StringWidth(line) != len("failed")+gap+len("missing") {
			t.Errorf("%q is not aligned", line)
		}
	}
}
