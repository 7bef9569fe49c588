package result

import (
	"strings"
	"testing"
)

const header = "image,label,predicted,p_good,p_hole\n"

func TestReadPredictions(t *testing.T) {
	p, err := ReadPredictions(strings.NewReader(header +
		"good/1.png,good,good,0.900000,0.100000\n" +
		"\"hole/a,b.png\",hole,good,0.6,0.4\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Images) != 2 || p.Classes[1] != "hole" {
		t.Fatalf("got %+v", p)
	}
	got := p.Images[1]
	if got.Image != "hole/a,b.png" || got.Label != 1 || got.Predicted != 0 || got.Probabilities[1] != 0.4 {
		t.Errorf("second image: %+v", got)
	}
}

func TestReadPredictionsOfNoImage(t *testing.T) {
	p, err := ReadPredictions(strings.NewReader(header))
	if err != nil || len(p.Images) != 0 {
		t.Errorf("got %+v, %v", p, err)
	}
}

func TestReadPredictionsErrors(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty":             {"", "the file is empty"},
		"other columns":     {"a,b,c,d\n", "want image,label,predicted"},
		"no classes":        {"image,label,predicted\n", "want image,label,predicted"},
		"column of nothing": {"image,label,predicted,p_good,hole\n", `column "hole"`},
		"class twice":       {"image,label,predicted,p_good,p_good\n", `column "p_good"`},
		"unknown label":     {header + "1.png,crack,good,0.9,0.1\n", `line 2: "crack" is none of`},
		"unknown predicted": {header + "1.png,good,crack,0.9,0.1\n", `line 2: "crack" is none of`},
		"no number":         {header + "1.png,good,good,high,low\n", `line 2: "high" is no probability`},
		"not a number":      {header + "1.png,good,good,NaN,0.1\n", `line 2: "NaN" is no probability`},
		"above one":         {header + "1.png,good,good,1.1,0.1\n", `line 2: "1.1" is no probability`},
		"cut short":         {header + "1.png,good,good,0.9\n", "line 2"},
		"image twice":       {header + "1.png,good,good,1,0\n1.png,good,good,1,0\n", `line 3: image "1.png" stands there twice`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ReadPredictions(strings.NewReader(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzReadPredictions(f *testing.F) {
	f.Add(header + "1.png,good,hole,0.5,0.5\n")
	f.Add("image,label,predicted,p_\n\"\",,,1\n")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := ReadPredictions(strings.NewReader(text))
		if err != nil {
			return
		}
		if got := Tally(p).Tested(); got != len(p.Images) {
			t.Errorf("%d images, %d counted", len(p.Images), got)
		}
	})
}
