package export

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"kizu/orchestrator/plan"
)

//go:embed readme.md.tmpl
var readmeText string

var readmeTemplate = template.Must(template.New("README.md").Parse(readmeText))

// String says what a part is, and what it holds or lacks.
func (p Part) String() string {
	count := map[string]int{}
	for _, f := range p.files {
		count[f.Origin]++
	}
	if p.Lacks == "" { // generated:60 photo:24
		return fmt.Sprintf("%s: %s", strings.TrimSpace(p.Kind+" "+p.Name), strings.Trim(fmt.Sprint(count)[len("map"):], "[]"))
	}
	return fmt.Sprintf("%s %s: %s", p.Kind, p.Name, p.Lacks)
}

// readme writes the export's README.md.
func readme(p *plan.Plan, m Marker, parts []Part) ([]byte, error) {
	photos, base := licence(p.Set.Root), licence(strings.TrimSuffix(p.Base.Place(), ".safetensors"))
	if p.Experiment.Dataset.Format == "elpv" { // the package has no file that says so
		photos = "CC BY-NC-SA 4.0 (elpv-dataset: Buerhop-Lutz et al. 2018; Deitsch et al. 2019, 2021)"
	}
	var text bytes.Buffer
	err := readmeTemplate.Execute(&text, map[string]any{"Marker": m, "Experiment": p.Experiment, "Parts": parts, "Anomalib": m.Format == "anomalib", "Photos": photos, "Base": base})
	return text.Bytes(), err
}

var cardLicence = regexp.MustCompile(`\A---\n(?:.*\n)*?license: *(\S.*)\n`)

// licence is what the card of a folder says of it, or the first line of a file of that name;
// "" for nothing.
func licence(dir string) string {
	card, _ := os.ReadFile(filepath.Join(dir, "README.md"))
	if found := cardLicence.FindSubmatch(card); found != nil {
		return string(found[1])
	}
	files, _ := filepath.Glob(filepath.Join(dir, "[Ll][Ii][Cc][Ee][Nn]*"))
	for _, file := range files {
		text, _ := os.ReadFile(file)
		first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
		return filepath.Base(file) + ": " + first
	}
	return ""
}
