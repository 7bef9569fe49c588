package report

import (
	"regexp"
	"strings"
	"testing"

	"kizu/orchestrator/report/table"
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
				if err := r.Table(&out, table.Screen{Width: width, Colour: colour}); err != nil {
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
			for _, bold := range []string{"Cannot tell yet whether to use generated images: ", "Study 2: 40 test images (20 good, 10 crack, 10 hole), 2 seeds\x1b["} {
				if width == 120 && strings.Contains(plain, bold[:20]) && !strings.Contains(coloured, "\x1b[1m"+bold) {
					t.Errorf("%s: what stands out is not bold: %q", name, bold)
				}
			}
		}
	}
}
