package csvfile

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

func TestRead(t *testing.T) {
	f := filetest.New(t)
	for name, text := range map[string]string{
		"commas": "file,part\na.png, 7\n\"b, c.png\",8\n", "semicolons": "file;part\na.png;7\n\"b, c.png\";8\n",
		"tabs and a mark": "\ufefffile\tpart\r\na.png\t7\r\n\"b, c.png\"\t8\r\n",
	} {
		f.Text("t.csv", text)
		table, err := Read(f.Path("t.csv"), "file", "part")
		if err != nil || len(table.Rows) != 2 {
			t.Errorf("%s: %v", name, err)
			continue
		}
		last := table.Rows[1]
		if last.Field("file") != "b, c.png" || last.Field("part") != "8" || last.Field("other") != "" || table.Rows[0].Field("part") != "7" {
			t.Errorf("%s: %q", name, last.fields)
		}
		if err := last.Wrong("what %d", 1); err.Error() != "t.csv:3: what 1" {
			t.Errorf("%v", err)
		}
	}
	if _, err := Read(f.Path("none.csv")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
	for text, want := range map[string]string{
		"":                        "t.csv has no column file",
		"name,part\n":             "t.csv has no column file",
		"file,part\na.png\n":      "t.csv:2: wrong number of fields",
		"file,part\na\"b,1\n":     "t.csv:2: bare \" in non-quoted-field",
		"file,part\n\xff.png,1\n": "t.csv is not UTF-8: save it as CSV in UTF-8",
		"file,part\na,1\n\"b,1\n": "t.csv:3: extraneous or missing \" in quoted-field",
	} {
		f.Text("t.csv", text)
		if _, err := Read(f.Path("t.csv"), "file", "part"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
