package datasettest_test

import (
	"path/filepath"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/dataset/datasettest"
)

// TestHazelnut: the folder is one that the format mvtec reads, every picture
// opens, and no two are alike.
func TestHazelnut(t *testing.T) {
	dir := t.TempDir()
	if err := datasettest.WriteHazelnut(dir, 16); err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "hazelnut")
	folder := dataset.Folder{Format: "mvtec", Root: root, Classes: []string{"good", "crack", "cut", "hole", "print"}}
	set, err := dataset.Scanner{Reader: datasettest.Python(t)}.Scan(folder)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Images) != 391+40+18+17+18+17 || len(set.Duplicates) != 0 {
		t.Errorf("%d images, %d of them twice", len(set.Images)+len(set.Duplicates), len(set.Duplicates))
	}
	for class, want := range map[string]int{"crack": 18, "cut": 17, "hole": 18, "print": 17, "good": 0} {
		masks, err := filepath.Glob(filepath.Join(root, "ground_truth", class, "*_mask.png"))
		if err != nil || len(masks) != want {
			t.Errorf("%s has %d masks, want %d (%v)", class, len(masks), want, err)
		}
	}
}
