package command

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mattn/go-runewidth"

	"kizu/orchestrator/report/table"
)

// TestPlansFitScreens: a plan is as wide as the screen at most, and a file gets all of it.
func TestPlansFitScreens(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	writeGrid(t, dir, 1)
	s := newSettingsOf(t, gridFlags(dir))
	exp, machine, err := s.experiment("grid.yaml")
	if err != nil {
		t.Fatal(err)
	}
	machine.Photos = nil // told apart by their files, without Python
	planned, err := s.plan(t.Context(), exp, machine)
	if err != nil {
		t.Fatal(err)
	}
	widest := map[int]int{}
	for _, width := range []int{80, 1 << 30} {
		var out bytes.Buffer
		if err := printPlan(&out, planned.plan, table.Screen{Width: width}); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			widest[width] = max(widest[width], runewidth.StringWidth(strings.TrimSpace(line)))
		}
		if all := width > 80; strings.Contains(out.String(), "not shown here") == all {
			t.Errorf("on %d columns:\n%s", width, out.String())
		}
	}
	if widest[80] > 80 || widest[1<<30] <= 80 {
		t.Errorf("lines have up to %v columns", widest)
	}
}
