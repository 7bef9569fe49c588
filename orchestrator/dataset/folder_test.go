package dataset

import (
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

// folder writes files below a new folder. The content of a picture is its
// shade: files of the same shade are the same picture.
type folder struct{ filetest.Folder }

func newFolder(t *testing.T) folder { return folder{filetest.New(t)} }

func (f folder) picture(name string, shade int) {
	f.Helper()
	img := image.NewGray16(image.Rect(0, 0, 4, 4))
	img.SetGray16(1, 1, color.Gray16{Y: uint16(shade * 257)})
	var text strings.Builder
	if err := png.Encode(&text, img); err != nil {
		f.Fatal(err)
	}
	f.Text(name, text.String())
}

// reading is a scanner that looks into photos as the program does.
func reading() Scanner {
	return Scanner{Reader: Python{"../../.venv/bin/python3", "../../scripts"}}
}

// names lists images as "class: name".
func names(images []Image) []string {
	var list []string
	for _, img := range images {
		list = append(list, img.Class+": "+img.Name)
	}
	return list
}

func scan(t *testing.T, format, root string, classes ...string) *Set {
	t.Helper()
	set, err := Scan(format, root, classes)
	if err != nil {
		t.Fatal(err)
	}
	return set
}
