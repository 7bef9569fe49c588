package command_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kizu/orchestrator/command"
)

// TestPublishedIsCurrent: what `make demo` compares itself with is of the
// experiment and the code as they are, and the README shows its table. If not,
// `make publish` writes it anew.
func TestPublishedIsCurrent(t *testing.T) {
	home, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	read := func(path string) []byte {
		text, err := os.ReadFile(filepath.Join(home, path))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	var was struct {
		Artifacts []struct{ Task, Key string }
	}
	if err := json.Unmarshal(read("experiments/published/quick.json"), &was); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KIZU_HOME", home)
	var out, problems bytes.Buffer
	if code := command.Run([]string{"plan", filepath.Join(home, "experiments/quick.yaml"), "--json", "--store", t.TempDir()}, &out, &problems); code != 0 {
		t.Fatalf("exit code %d: %s", code, problems.String())
	}
	var now struct {
		Tasks []struct{ Label, Key string }
	}
	if err := json.Unmarshal(out.Bytes(), &now); err != nil {
		t.Fatal(err)
	}
	if len(now.Tasks) != len(was.Artifacts) {
		t.Fatalf("%d tasks, %d of them published", len(now.Tasks), len(was.Artifacts))
	}
	for i, task := range now.Tasks {
		if task.Key != was.Artifacts[i].Key {
			t.Fatalf("%s has another key than the published %s", task.Label, was.Artifacts[i].Task)
		}
	}
	// README.md shows the beginnings of some tables, with … for the rest.
	table, shown := string(read("experiments/published/quick.txt")), 0
	_, text, _ := strings.Cut(string(read("README.md")), "\nStudy 2: ")
	block, _, _ := strings.Cut("Study 2: "+text, "\n```")
	for _, part := range strings.Split(block, "\n…\n") {
		if part = strings.TrimSpace(part); strings.HasPrefix(part, "Study ") {
			if shown++; !strings.Contains(table, part) {
				t.Errorf("README.md shows what experiments/published/quick.txt has not:\n%s", part)
			}
		}
	}
	if shown < 2 {
		t.Errorf("README.md shows %d tables of the demo", shown)
	}
}
