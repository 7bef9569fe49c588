package main_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// mayImport says which rooms a room may import: the arrows of DESIGN.md's
// "imports point one way", command → {report, execute, plan} → {result,
// schedule, stage, store, dataset, experiment}. A room that is not in the table is
// an error, so that nobody adds one without saying where it stands.
var mayImport = map[string][]string{
	"orchestrator":                           {"command"},
	"orchestrator/command":                   {"report", "report/table", "export", "execute", "execute/protocol", "execute/progress", "execute/runlog", "execute/slurm", "execute/worker", "serve", "draft", "plan", "predict", "shell", "spelling", "store", "model", "dataset", "experiment"},
	"orchestrator/report":                    {"report/gallery", "report/table", "plan", "result", "stage", "store", "dataset", "experiment", "filehash"},
	"orchestrator/report/gallery":            {"dataset"},
	"orchestrator/export":                    {"plan", "stage", "store", "model", "dataset", "experiment", "filehash"},
	"orchestrator/report/table":              nil,
	"orchestrator/serve":                     {"report", "execute/runlog", "execute/slurm", "plan", "stage", "store"},
	"orchestrator/execute":                   {"execute/protocol", "execute/progress", "execute/runlog", "plan", "schedule", "stage", "store", "model", "filehash"},
	"orchestrator/execute/protocol":          nil,
	"orchestrator/execute/progress":          {"execute/runlog", "plan", "store"},
	"orchestrator/execute/runlog":            {"plan", "store", "filehash"},
	"orchestrator/execute/slurm":             {"execute/runlog", "shell", "store"}, // what a job is called, for manifests
	"orchestrator/execute/worker":            {"execute/protocol", "pyembed"},      // the only one that loads Python
	"orchestrator/plan":                      {"draft", "result", "stage", "store", "model", "dataset", "experiment", "filehash", "mask"},
	"orchestrator/predict":                   {"dataset", "filehash", "model"},
	"orchestrator/stage":                     {"dataset", "experiment"},
	"orchestrator/store":                     {"filehash", "spelling"},
	"orchestrator/draft":                     nil,
	"orchestrator/result":                    nil,
	"orchestrator/schedule":                  nil,
	"orchestrator/shell":                     nil,
	"orchestrator/spelling":                  nil,
	"orchestrator/model":                     {"csvfile", "filehash"},
	"orchestrator/dataset":                   {"csvfile", "filehash", "mask", "spelling"},
	"orchestrator/csvfile":                   {"filehash"},
	"orchestrator/filehash":                  nil,
	"orchestrator/mask":                      nil,
	"orchestrator/filehash/filetest":         nil,            // files for tests
	"orchestrator/experiment/experimenttest": {"experiment"}, // words for tests
	"orchestrator/dataset/datasettest":       {"dataset"},    // pictures for tests, and what reads them
	"orchestrator/experiment":                nil,
	"pyembed":                                nil, // could be lifted out as a library
}

// keptTo says which rooms alone may import something from outside.
var keptTo = map[string][]string{
	"github.com/DataDog/go-python3":     {"pyembed"},
	"github.com/spf13/cobra":            {"orchestrator/command"},
	"github.com/spf13/viper":            {"orchestrator/command"}, // it lower-cases keys: no study is read through it
	"go.yaml.in/yaml/v3":                {"orchestrator/command"}, // and no other way to read a study
	"github.com/schollz/progressbar/v3": {"orchestrator/execute/progress"},
	"github.com/goccy/go-yaml":          {"orchestrator/experiment", "orchestrator/model"}, // and what AUTOMATIC1111 has beside a checkpoint
	"github.com/fatih/color":            {"orchestrator/report/table"},
}

// pure rooms compute: they look at no file, clock, network or random number but
// those of a generator (math/rand/v2) seeded with what is computed on.
var (
	pure   = []string{"orchestrator/result", "orchestrator/schedule", "orchestrator/stage", "orchestrator/draft"}
	impure = []string{"os", "os/exec", "net", "net/http", "time", "math/rand", "path/filepath"}
)

func TestImportsPointOneWay(t *testing.T) {
	output, err := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "kizu/...").Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for line := range strings.Lines(string(output)) {
		seen++
		names := strings.Fields(line)
		room := strings.TrimPrefix(names[0], "kizu/")
		allowed, known := mayImport[room]
		if !known {
			t.Errorf("%s is a new room: say in this table what it may import", room)
		}
		for _, name := range names[1:] {
			if imported, ours := strings.CutPrefix(name, "kizu/"); ours && !slices.Contains(allowed, strings.TrimPrefix(imported, "orchestrator/")) {
				t.Errorf("%s imports %s, and may import %q", room, imported, allowed)
			}
			for module, rooms := range keptTo {
				if (name == module || strings.HasPrefix(name, module+"/")) && !slices.Contains(rooms, room) {
					t.Errorf("%s imports %s, which is for %q", room, name, rooms)
				}
			}
			if slices.Contains(pure, room) && slices.Contains(impure, name) {
				t.Errorf("%s imports %s, and is to be pure", room, name)
			}
		}
	}
	if seen != len(mayImport) {
		t.Errorf("%d rooms, and %d in the table", seen, len(mayImport))
	}
}
