package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

func TestFolders(t *testing.T) {
	f := newFolder(t)
	f.picture("good/b.png", 1)
	f.picture("good/a.PNG", 2)
	f.picture("good/.hidden.png", 3)
	f.picture("good/more/c.png", 4) // folders in folders are not looked into
	f.Text("good/notes.txt", "not a picture")
	f.picture("crack/x.Jpeg", 5) // taken by its name here; Verify looks inside
	f.picture("unwanted/y.png", 6)

	set := scan(t, "folders", f.Root, "good", "crack")
	want := []string{"crack: crack/x.Jpeg", "good: good/a.PNG", "good: good/b.png"}
	if got := names(set.Images); !slices.Equal(got, want) {
		t.Errorf("images %q, want %q", got, want)
	}
	for _, img := range set.Images {
		if img.Path != f.Path(img.Name) || !filepath.IsAbs(img.Path) || len(img.SHA256) != 64 || img.Split != Pooled || img.Variety != "" {
			t.Errorf("image %+v", img)
		}
	}
	if got := names(set.Of("good")); len(got) != 2 || set.Of("dent") != nil || set.Variety("good") != "" || set.Variety("dent") != "" {
		t.Errorf("good images %q", got)
	}
}

func TestMVTec(t *testing.T) {
	f := newFolder(t)
	shade := 0
	for _, name := range []string{
		"train/good/000.png", "train/good/001.png", "test/good/000.png", "test/crack/000.png", "test/crack/001.png",
		"ground_truth/crack/000_mask.png", "test/hole/000.png", "train/crack/000.png",
	} {
		shade++
		f.picture(name, shade)
	}
	set := scan(t, "mvtec", f.Root, "good", "crack")
	want := map[string]Split{
		"test/crack/000.png": Pooled, "test/crack/001.png": Pooled,
		"test/good/000.png": TestingOnly, "train/good/000.png": TrainingOnly, "train/good/001.png": TrainingOnly,
	}
	for _, img := range set.Images {
		if split, ok := want[img.Name]; !ok || split != img.Split {
			t.Errorf("%s has split %d, want %d (known %v)", img.Name, img.Split, split, ok)
		}
		delete(want, img.Name)
	}
	if len(want) > 0 {
		t.Errorf("not found: %v", want)
	}
}

// TestDuplicates: a copy of a picture counts once, whichever folder it is in;
// the copy in mvtec's test folder is the one that stays.
func TestDuplicates(t *testing.T) {
	f := newFolder(t)
	f.picture("train/good/000.png", 1)
	f.picture("train/good/copy.png", 2)
	f.picture("test/good/000.png", 2)
	f.picture("test/crack/000.png", 3)
	f.picture("test/crack/001.png", 3)
	set := scan(t, "mvtec", f.Root, "good", "crack")
	if got, want := names(set.Images), []string{"crack: test/crack/000.png", "good: test/good/000.png", "good: train/good/000.png"}; !slices.Equal(got, want) {
		t.Errorf("images %q, want %q", got, want)
	}
	want := []Duplicate{{"test/crack/001.png", "test/crack/000.png", false}, {"train/good/copy.png", "test/good/000.png", false}}
	if !slices.Equal(set.Duplicates, want) {
		t.Errorf("duplicates %v, want %v", set.Duplicates, want)
	}
	f.picture("test/crack/same.png", 1)
	_, err := Scan("mvtec", f.Root, []string{"good", "crack"})
	filetest.Fails(t, err, "test/crack/same.png (crack)", "train/good/000.png (good)", "same picture in two classes")
}

func TestScanErrors(t *testing.T) {
	f := newFolder(t)
	f.picture("good/0.png", 0)
	f.picture("train/good/1.png", 1)
	f.picture("test/good/2.png", 2)
	for _, test := range []struct{ format, root, class, text string }{
		{"folders", f.Path("nowhere"), "good", "dataset folder " + f.Path("nowhere") + " does not exist"},
		{"folders", f.Path("good/0.png"), "good", "is not a folder"},
		{"folders", f.Root, "dent", fmt.Sprintf("class %q: folder %s does not exist", "dent", f.Path("dent"))},
		{"mvtec", f.Root, "dent", fmt.Sprintf("class %q: folder %s does not exist", "dent", f.Path("test/dent"))},
		{"mvtec", f.Path("good"), "dent", fmt.Sprintf("class %q: folder %s does not exist", "good", f.Path("good/train/good"))},
		{"mvtec", f.Path("good"), "dent", "; without train and test folders, dataset.format is folders"},
		{"folders", f.Root, "dent", "; with train and test folders, dataset.format is mvtec"},
		{"folders", f.Path("nowhere/at/all"), "good", "does not exist; " + f.Root + ` has "good", "test", "train"`},
		{"elpv", f.Root, "defective mono", "is not elpv-dataset's"},
		{"coco", f.Root, "dent", `unknown dataset format "coco"`},
	} {
		good := "good"
		if test.format == "elpv" {
			good = "functional"
		}
		_, err := Scan(test.format, test.root, []string{good, test.class})
		filetest.Fails(t, err, test.text)
	}
}

// TestHashIsOfTheContent: moving or renaming a picture keeps its identity.
func TestHashIsOfTheContent(t *testing.T) {
	f := newFolder(t)
	f.picture("here/a.png", 1)
	f.picture("there/good/b.png", 1)
	f.picture("there/good/c.png", 2)
	here := scan(t, "folders", f.Root, "here").Images[0].SHA256
	there := scan(t, "folders", f.Path("there"), "good").Images
	if here != there[0].SHA256 || here == there[1].SHA256 {
		t.Errorf("%s became %s; another picture is %s", here, there[0].SHA256, there[1].SHA256)
	}
}

// TestScanNamesTheFirstBrokenImage, and says how many more there are.
func TestScanNamesTheFirstBrokenImage(t *testing.T) {
	f := newFolder(t)
	for i := range 20 {
		f.picture(fmt.Sprintf("good/%02d.png", i), i)
	}
	folder := Folder{Format: "folders", Root: f.Root, Classes: []string{"good"}}
	if _, err := reading().Scan(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(f.Path("good/15.png"), 60); err != nil {
		t.Fatal(err)
	}
	_, err := reading().Scan(folder)
	filetest.Fails(t, err, "image "+f.Path("good/15.png")+" cannot be read", "replace the file")
	f.Text("good/07.png", "no picture at all")
	f.Text("good/18.png", "")
	_, err = reading().Scan(folder)
	filetest.Fails(t, err, "image "+f.Path("good/07.png")+" cannot be read: it is no PNG, JPEG, BMP, TIFF or WebP", "; and 2 more: kizu check lists them")
}

// TestMaskOfACopy: where a photo is there twice and only the copy that does not count has
// a mask, the photo has it.
func TestMaskOfACopy(t *testing.T) {
	f := newFolder(t)
	f.picture("good/0.png", 1)
	f.picture("crack/0.png", 2)
	f.picture("crack/1.png", 2)
	f.picture("masks/crack/1.png", 9)
	folder := Folder{Format: "folders", Root: f.Root, Classes: []string{"good", "crack"}, Masks: Masks{Trees: []string{f.Path("masks")}, Needed: true}}
	set, err := Scanner{}.Scan(folder)
	if err != nil {
		t.Fatal(err)
	}
	if cracks := set.Of("crack"); len(cracks) != 1 || cracks[0].Name != "crack/0.png" || cracks[0].Mask() == nil {
		t.Errorf("%+v", cracks)
	}
}

// TestFoldersOfMasks: of several folders that may have masks, that of MVTec AD counts.
func TestFoldersOfMasks(t *testing.T) {
	f := newFolder(t)
	for _, folder := range []string{"annotations", "ground_truth", "masks", "good", "crack"} {
		f.picture(folder+"/0.png", 1)
	}
	layout, err := LookAround(f.Root)
	if err != nil || layout.Masks != "ground_truth" || len(layout.Classes) != 2 {
		t.Errorf("%+v, %v", layout, err)
	}
}
