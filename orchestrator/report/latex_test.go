package report

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TeX of any kind sets the tables, and none of them is wider than the text.
func TestLaTeXCompiles(t *testing.T) {
	tables := map[string]string{}
	for _, name := range []string{"finished.tex", "partly-failed.tex"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range string(text) {
			if r > 127 {
				t.Errorf("%s has %q, which some TeX does not know", name, r)
			}
		}
		tables[name] = string(text)
	}
	tex, err := exec.LookPath("pdflatex")
	if err != nil {
		t.Skip("pdflatex is not there, so the tables are not set")
	}
	for name, text := range tables {
		dir := t.TempDir()
		paper := "\\documentclass{article}\n\\usepackage{booktabs,graphicx}\n\\begin{document}\n" + text + "\\end{document}\n"
		if err := os.WriteFile(filepath.Join(dir, "paper.tex"), []byte(paper), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(tex, "-interaction=nonstopmode", "-halt-on-error", "paper.tex")
		cmd.Dir = dir
		log, err := cmd.CombinedOutput()
		if err != nil || strings.Contains(string(log), "Overfull") {
			t.Errorf("%s: %v\n%s", name, err, log)
		}
	}
}
