package plan

import (
	"image"
	"slices"
	"testing"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// TestRegionsAreOfTheirPhotos: a region's path is that of its photo with the
// fragment, and whatever asks for the photo finds it.
func TestRegionsAreOfTheirPhotos(t *testing.T) {
	p := smallPlan(t)
	img := p.Set.Images[0]
	whole := stage.ByHash(img.SHA256)
	part := whole.Region(image.Rect(8, 0, 40, 32))
	for ref, want := range map[stage.Ref]string{whole: img.Path, part: img.Path + "#xywh=8,0,32,32"} {
		if got := p.Path(ref, nil); got != want {
			t.Errorf("%s is at %s, want %s", ref, got, want)
		}
		if found, ok := p.Image(ref); !ok || found != img {
			t.Errorf("%s is of %q", ref, found.Name)
		}
	}
	if got := p.refName(part); got != img.Name+"#xywh=8,0,32,32" {
		t.Errorf("a region is called %s", got)
	}
	if got := p.Photos(slices.Values([]stage.Ref{part, whole, whole.Region(image.Rect(0, 0, 8, 8))})); !slices.Equal(got, []dataset.Image{img}) {
		t.Errorf("regions of one photo are of %d photos", len(got))
	}
}

// TestRegionsLeak: a region of a test photo that is trained on is a leak, and so is a
// photo that is tested on in tiles; each is named once.
func TestRegionsLeak(t *testing.T) {
	tile := func(ref stage.Ref, x int) stage.Ref { return ref.Region(image.Rect(x, 0, x+32, 32)) }
	for _, test := range []struct {
		name    string
		trained func(stage.Ref) stage.Ref
		tiles   int
	}{
		{"a region of a test photo", func(ref stage.Ref) stage.Ref { return tile(ref, 16) }, 1},
		{"a photo tested on in tiles", func(ref stage.Ref) stage.Ref { return ref }, 3},
		{"a tile of a photo tested on in tiles", func(ref stage.Ref) stage.Ref { return tile(ref, 0) }, 3},
	} {
		exp := parse(t, made)
		p := build(t, exp, smallInputs(t, exp))
		task := find(t, p, "made", 0).Classify
		spec := task.Spec.(stage.Classify)
		tested := spec.Test[0]
		spec.Test = slices.Clone(spec.Test[1:])
		for i := range test.tiles {
			again := tested
			if test.tiles > 1 {
				again.Path = tile(tested.Path, 8*i)
			}
			spec.Test = append(spec.Test, again)
		}
		task.Spec = spec
		if err := p.checkLeaks(); err != nil {
			t.Errorf("%s: before it trains, %v", test.name, err)
		}
		if n := len(spec.Tested()); n != len(spec.Test)-test.tiles+1 {
			t.Errorf("%s: %d test photos", test.name, n)
		}
		spec.Train = append(slices.Clone(spec.Train), stage.Labeled{Path: test.trained(tested.Path)})
		task.Spec = spec
		fails(t, p.checkLeaks(), "1 test image reaches the training of", tested.Name)
	}
}
