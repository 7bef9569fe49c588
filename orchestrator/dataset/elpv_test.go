package dataset

import (
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/csvfile"
	"kizu/orchestrator/filehash/filetest"
)

// labels has every probability and kind of cell, in the spacing of the real
// file.
const labels = `images/cell0001.png  1.0                 mono
images/cell0002.png  0.0                 mono
images/cell0003.png  0.3333333333333333  mono

images/cell0004.png  0.6666666666666666  poly
images/cell0005.png  1.0                 poly
images/cell0006.png  0.0                 poly
`

func newELPV(t *testing.T, labels string) folder {
	f := newFolder(t)
	f.Text("labels.csv", labels)
	for i, line := range strings.Split("1 2 3 4 5 6", " ") {
		f.picture("images/cell000"+line+".png", i)
	}
	return f
}

func TestELPV(t *testing.T) {
	f := newELPV(t, labels)
	set := scan(t, "elpv", f.Root, "functional", "defective mono", "defective poly")
	want := []string{
		"defective mono: images/cell0001.png",
		"defective poly: images/cell0005.png",
		"functional: images/cell0002.png",
		"functional: images/cell0006.png",
	}
	if got := names(set.Images); !slices.Equal(got, want) {
		t.Errorf("images %q, want %q", got, want)
	}
	for class, variety := range map[string]string{"defective mono": "mono", "defective poly": "poly", "functional": ""} {
		if got := set.Variety(class); got != variety {
			t.Errorf("class %s is of variety %q, want %q", class, got, variety)
		}
	}
	if got := names(scan(t, "elpv", f.Root, "functional").Images); len(got) != 2 {
		t.Errorf("functional cells alone: %q", got)
	}
}

func TestELPVErrors(t *testing.T) {
	const good = "images/cell0002.png 0.0 mono\n"
	for _, test := range []struct{ name, labels, text string }{
		{"fields missing", good + "images/cell0001.png 1.0\n", "labels.csv:2: want a file, a probability and a kind of cell, got 2 fields"},
		{"a space in the name", "images/cell 0001.png 1.0 mono\n", "labels.csv:1: want a file, a probability and a kind of cell, got 4 fields"},
		{"probability", good + "\n" + "images/cell0001.png high mono\n", `labels.csv:3: probability "high" is not a number from 0 to 1`},
		{"percent", "images/cell0001.png 100 mono\n", `labels.csv:1: probability "100" is not a number from 0 to 1`},
		{"NaN", "images/cell0001.png NaN mono\n", `labels.csv:1: probability "NaN" is not a number from 0 to 1`},
		{"kind of cell", "images/cell0001.png 1.0 multi\n", `labels.csv:1: kind of cell "multi" is neither mono nor poly`},
		{"a way out", "../secret.png 1.0 mono\n", `labels.csv:1: file "../secret.png" lies outside the dataset's folder`},
		{"a roundabout way out", "images/../../secret.png 1.0 mono\n", "labels.csv:1: file"},
		{"an absolute path", "/etc/secret.png 1.0 mono\n", "labels.csv:1: file"},
		{"a missing photo", "images/cell0009.png 1.0 mono\n", "cell0009.png: no such file"},
		{"not UTF-8", "images/caf\xe9.png 1.0 mono\n", `labels.csv:1: the file name "images/caf\xe9.png" is not UTF-8`},
		{"a line without end", strings.Repeat("x", 1<<17), "labels.csv: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Scan("elpv", newELPV(t, test.labels).Root, []string{"functional", "defective mono"})
			filetest.Fails(t, err, test.text)
		})
	}
	_, err := Scan("elpv", newELPV(t, labels).Root, []string{"functional", "cracked"})
	filetest.Fails(t, err, `class "cracked": the elpv format has the classes functional, defective mono, defective poly`)
}

// TestELPVAsOthersWriteIt: a byte-order mark, and names in another Unicode
// normal form than those of the files.
func TestELPVAsOthersWriteIt(t *testing.T) {
	f := newFolder(t)
	f.Text("labels.csv", csvfile.ByteOrderMark+"images/zelle\u00e4.png 0.0 mono\n")
	f.picture("images/zellea\u0308.png", 1)
	got := scan(t, "elpv", f.Root, "functional").Images
	if len(got) != 1 || got[0].Name != "images/zellea\u0308.png" {
		t.Errorf("found %q", names(got))
	}
}
