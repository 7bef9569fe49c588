package report

import (
	"regexp"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"
)

var (
	sgr  = regexp.MustCompile(`\x1b\[[0-9;]*m`)
	ends = regexp.MustCompile(`\[(0|22)(;0)*m$`) // nothing on; neither bold nor faint
)

// Colour adds sequences and changes nothing else: neither words nor widths.
func TestColour(t *testing.T) {
	for name, r := range map[string]*Report{"finished": finished(t).collect(nil), "partly failed": partlyFailed(t)} {
		for _, width := range []int{60, 120} {
			print := func(colour bool) string {
				var out strings.Builder
				if err := r.Table(&out, Screen{width, colour}); err != nil {
					t.Fatal(err)
				}
				return out.String()
			}
			plain, coloured := print(false), print(true)
			if strings.ContainsRune(plain, '\x1b') {
				t.Errorf("%s: sequences without colour", name)
			}
			if sgr.ReplaceAllString(coloured, "") != plain {
				t.Errorf("%s: in colour\n%s\nwithout\n%s", name, coloured, plain)
			}
			for line := range strings.Lines(coloured) {
				if all := sgr.FindAllString(line, -1); len(all)%2 != 0 || len(all) > 0 && !ends.MatchString(all[len(all)-1]) {
					t.Errorf("%s: a style is not ended in %q", name, line)
				}
			}
			if width == 120 && !strings.HasPrefix(coloured, "\x1b[1mStudy 2: 40 test images (20 good, 10 crack, 10 hole), 2 seeds\x1b[") {
				t.Errorf("%s: the title is not bold: %q", name, coloured[:80])
			}
		}
	}
}

// What is claimed is bold, what failed red; a name that says "failed" is a name.
func TestStyles(t *testing.T) {
	g := grid{
		columns: []column{{head: "first"}, {head: "p", numeric: true}},
		rows:    [][]string{{"failed", "0.01"}, {"b", "failed"}, {"c", "–"}, {"d", "missing"}},
		claims:  []int{0},
	}
	var out strings.Builder
	g.writeText(&out, Screen{40, true})
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
