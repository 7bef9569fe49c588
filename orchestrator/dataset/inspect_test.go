package dataset

import (
	"fmt"
	"os"
	"slices"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

// TestInspect: everything that Scan would stop at is listed, and the rest is
// counted.
func TestInspect(t *testing.T) {
	f := newFolder(t)
	for i := range 4 {
		f.picture(fmt.Sprintf("good/%d.png", i), i)
	}
	f.picture("good/copy.png", 2)
	f.picture("crack/0.png", 10)
	f.picture("crack/1.png", 3) // is good/3.png
	f.Text("crack/2.png", "no picture")
	f.Text("crack/3.png", "")
	f.picture("crack/4.png", 11)
	if err := os.Truncate(f.Path("crack/4.png"), 60); err != nil {
		t.Fatal(err)
	}
	in, err := reading().Inspect(Folder{Format: "folders", Root: f.Root, Classes: []string{"good", "crack"}})
	if err != nil {
		t.Fatal(err)
	}
	if want := []Form{{4, 4, "I;16"}}; !slices.Equal(in.Kinds, want) {
		t.Errorf("forms %v, want %v", in.Kinds, want)
	}
	if in.Forms["good"][0] != 5 || in.Forms["crack"][0] != 2 || len(in.Set.Images) != 5 {
		t.Errorf("counts %v, %d images", in.Forms, len(in.Set.Images))
	}
	if want := []Duplicate{{"good/copy.png", "good/2.png", false}}; !slices.Equal(in.Set.Duplicates, want) {
		t.Errorf("copies %v", in.Set.Duplicates)
	}
	if len(in.Problems) != 4 {
		t.Fatalf("problems %v", in.Problems)
	}
	for i, want := range []string{"2.png cannot be read", "3.png cannot be read", "4.png cannot be read", "crack/1.png (crack) and good/3.png (good) are the same picture in two classes"} {
		filetest.Fails(t, in.Problems[i], want)
	}
	if _, err := reading().Inspect(Folder{Format: "folders", Root: f.Root, Classes: []string{"good", "dent"}}); err == nil {
		t.Error("a class without a folder is inspected")
	}
}
