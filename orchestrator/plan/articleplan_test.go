package plan

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"kizu/orchestrator/dataset/datasettest"
	"kizu/orchestrator/experiment"
)

// keyOf finds keys and ids, which change with every field that a task gets.
var keyOf = regexp.MustCompile(`\b[0-9a-f]{10}([0-9a-f]{54})?\b`)

// TestArticleOnItsFolder plans experiments/article.yaml on a folder with the
// layout and counts of MVTec AD's hazelnuts: every count of every role.
func TestArticleOnItsFolder(t *testing.T) {
	folder := t.TempDir()
	if err := datasettest.WriteHazelnut(folder, 8); err != nil {
		t.Fatal(err)
	}
	t.Setenv("MVTEC_AD", folder)
	exp, err := experiment.Load("../../experiments/article.yaml", "seeds=[0]")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Load(exp, Machine{Scripts: "../../scripts", Models: "../../experiments/models"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Compare(openStore(t)); err != nil {
		t.Fatal(err)
	}
	text, err := json.MarshalIndent(p.View(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got := append(keyOf.ReplaceAll(text, []byte("key")), '\n')
	golden := filepath.Join("testdata", "article.json")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("%s differs (go test -update writes it anew); got\n%s", golden, got)
	}
}
