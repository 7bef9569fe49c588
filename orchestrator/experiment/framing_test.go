package experiment

import (
	"strings"
	"testing"
)

// TestFraming: fit and crop in every form that a file may have them, and as the stages
// are told of the fit.
func TestFraming(t *testing.T) {
	const file = folders + `masks: m KEYS}
base: tiny-sd
patterns: {matrix: [{defect_images: 1}]}
`
	for keys, want := range map[string]struct {
		fit      Fit
		ofStages string
		text     string
		crop     *Crop
	}{
		"":                                   {fit: Fit{How: "crop"}, text: "crop"},
		", fit: crop":                        {fit: Fit{How: "crop"}, text: "crop"},
		", fit:":                             {fit: Fit{How: "crop"}, text: "crop"},
		", fit: stretch":                     {fit: Fit{How: "stretch"}, ofStages: "stretch", text: "stretch"},
		", fit: pad":                         {fit: Fit{How: "pad"}, ofStages: "pad", text: "pad"},
		", fit: {pad: '#80FF00'}":            {fit: Fit{How: "pad", Pad: "#80FF00"}, ofStages: "pad #80ff00", text: "pad #80FF00"},
		", fit: tiles":                       {fit: Fit{How: "tiles"}, text: "tiles"},
		", fit: {tiles: 256}":                {fit: Fit{How: "tiles", Tiles: 256}, text: "tiles 256"},
		", crop: {around: mask}":             {fit: Fit{How: "crop"}, text: "crop", crop: &Crop{"mask", 2.5}},
		", crop: {around: mask, ratio: 1.5}": {fit: Fit{How: "crop"}, text: "crop", crop: &Crop{"mask", 1.5}},
	} {
		exp, err := Parse("small.yaml", "", []byte(strings.Replace(file, "KEYS", keys, 1)))
		if err != nil {
			t.Errorf("%s: %v", keys, err)
			continue
		}
		d := exp.Dataset
		same := d.Crop == want.crop || d.Crop != nil && want.crop != nil && *d.Crop == *want.crop
		if d.Fit != want.fit || d.Fit.OfStages() != want.ofStages || d.Fit.String() != want.text || !same || d.Masks != "m" || !exp.NeedsMasks() {
			t.Errorf("%s: %+v, %q, %q, %v", keys, d.Fit, d.Fit.OfStages(), d.Fit, d.Crop)
		}
	}
	for _, change := range []string{"dataset.fit={tiles: 64}", "dataset.fit.tiles=64"} {
		exp, err := Parse("small.yaml", "", []byte(strings.Replace(file, "KEYS", "", 1)), change)
		if err != nil || exp.Dataset.Fit != (Fit{How: "tiles", Tiles: 64}) {
			t.Errorf("--set %s: %+v, %v", change, exp, err)
		}
	}
}
