package experiment

import (
	"slices"
	"strings"
	"testing"
)

// withMethods adds methods to the table for one test.
func withMethods(t *testing.T, methods map[string]Method) {
	t.Helper()
	known := Choices["generate.method"]
	t.Cleanup(func() { Choices["generate.method"] = known })
	Choices["generate.method"] = slices.Clone(known)
	for name, method := range methods {
		Methods[name] = method
		Choices["generate.method"] = append(Choices["generate.method"], name)
		t.Cleanup(func() { delete(Methods, name) })
	}
}

func threeMethods(t *testing.T) {
	withMethods(t, map[string]Method{
		"fill":  {Needs: []string{InputBase, InputSource}, Takes: []string{InputLoRA, InputMask}, Denoises: true, Masks: true, Options: []string{"mask", "mask_scale_min", "mask_scale_max", "feather"}},
		"refer": {Needs: []string{InputBase, InputSource, InputDefect}, Takes: []string{InputLoRA, InputMask}, Denoises: true, Options: []string{"weight", "style_fidelity", "adain", "within_mask", "with_lora"}},
		"paste": {Needs: []string{InputSource, InputDefect, InputMask}, Masks: true, Options: []string{"blend", "feather"}},
	})
}

// methodsText has training sets, and places for what a test writes into it.
const methodsText = `name: methods
dataset: {format: mvtec, root: data, noun: nut, defects: [crack]}
base: tiny-sd
GENERATE
conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 2, defect_images: 2LORA}
  training_sets:
    real: {good: {real: 2}, defects: {real: 2}REAL}
    made: {good: {real: 2, generated: 2}, defects: {real: 2, generated: 3}SET}
`

func methodsOf(generate, lora, set, real string) string {
	return strings.NewReplacer("GENERATE", generate, "LORA", lora, "SET", set, "REAL", real).Replace(methodsText)
}

// TestMethodsOfTrainingSets: names of conditions say what is listed, and how a set's images
// are made is what the study says but for what the set says.
func TestMethodsOfTrainingSets(t *testing.T) {
	threeMethods(t)
	type row struct {
		name, made string
		generate   Generate
	}
	usual := defaults().Generate
	with := func(f func(*Generate)) Generate { g := usual; f(&g); return g }
	for text, want := range map[string][]row{
		methodsOf("", "", "", ""): {{"made", "", usual}},
		methodsOf("", "", ", generate: {method: paste, blend: poisson}", ""): {
			{"made", "method paste, blend poisson", with(func(g *Generate) { g.Method, g.Blend = "paste", "poisson" })}},
		methodsOf("", "", ", generate: {method: [fill, img2img], steps: 9}", ""): {
			{"made, method fill", "method fill, sampling steps 9", with(func(g *Generate) { g.Method, g.Steps = "fill", 9 })},
			{"made, method img2img", "method img2img, sampling steps 9", with(func(g *Generate) { g.Steps = 9 })}},
		// What makes no difference to a set does not multiply it.
		methodsOf("", ", rank: [2, 4], generate: {strength: [0.5, 1]}", ", generate: {method: paste}", ""): {
			{"made", "method paste", with(func(g *Generate) { g.Method, g.Strength = "paste", 0.5 })}},
		methodsOf("", ", rank: [2, 4], generate: {strength: [0.5, 1]}", ", generate: {strength: 0.7}", ""): {
			{"made, rank 2", "strength 0.7", with(func(g *Generate) { g.Strength = 0.7 })},
			{"made, rank 4", "strength 0.7", with(func(g *Generate) { g.Strength = 0.7 })}},
		methodsOf("", ", source_images: [1, 2]", ", generate: {method: paste}", ""): {
			{"made, source images 1", "method paste", with(func(g *Generate) { g.Method = "paste" })},
			{"made, source images 2", "method paste", with(func(g *Generate) { g.Method = "paste" })}},
		methodsOf("generate: {method: refer, weight: 0.5}", ", rank: [2, 4], resolution: [256, 512]", "", ""): {
			{"made, resolution 256", "", with(func(g *Generate) { g.Method, g.Weight = "refer", 0.5 })},
			{"made, resolution 512", "", with(func(g *Generate) { g.Method, g.Weight = "refer", 0.5 })}},
	} {
		exp, err := Parse("methods.yaml", "/dir", []byte(text))
		if err != nil {
			t.Errorf("%v in\n%s", err, text)
			continue
		}
		var got []row
		for _, c := range exp.ExpandConditions() {
			if c.UsesGenerated() {
				got = append(got, row{c.Name, c.Made, c.LoRA.Generate})
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s\ngives %+v\nwant %+v", text, got, want)
		}
	}
}

// TestKeysOfMethods: a key that means nothing to a method is refused where it stands, and
// the methods that take it are named.
func TestKeysOfMethods(t *testing.T) {
	threeMethods(t)
	folders := func(text string) string { return strings.Replace(text, "format: mvtec", "format: folders", 1) }
	for _, test := range []struct{ text, message string }{
		{methodsOf("generate: {blend: poisson}", "", "", ""), "methods.yaml:4:19: method img2img takes no blend; "},
		{methodsOf("generate: {blend: poisson}", "", "", ""), "paste"},
		{methodsOf("", "", ", generate: {method: fill, weight: 1}", ""), "methods.yaml:10:110: method fill takes no weight; "},
		{methodsOf("", "", ", generate: {method: paste, strength: 0.5}", ""), "method paste takes no strength; "},
		{methodsOf("", ", generate: {feather: 2}", "", ""), "method img2img takes no feather; "},
		{methodsOf("", "", ", generate: {method: [fill, paste], blend: plain}", ""), "method fill takes no blend; "},
		{methodsOf("", "", ", generate: {method: fill, mask: circles}", ""), `"circles" is not one of: training, boxes, blobs`},
		{methodsOf("", "", ", generate: {method: fill, mask_scale_min: 2}", ""), "mask_scale_max 1.4: must be at least mask_scale_min, which is 2"},
		{methodsOf("", "", ", generate: {method: fill, feather: -1}", ""), "feather -1: must be from 0 to 256 pixels"},
		{methodsOf("", "", ", generate: {method: fill, feather: 100000}", ""), "feather 100000: must be from 0 to 256 pixels"},
		{methodsOf("", "", ", generate: {method: refer, weight: 1.5}", ""), "weight 1.5: must be from 0 to 1"},
		{methodsOf("", "", "", ", generate: {method: fill}"), `methods.yaml:9:`},
		{methodsOf("", "", "", ", generate: {method: fill}"), `training set "real" has no generated images, and generate says how they are made`},
		{folders(methodsOf("", "", ", generate: {method: paste}", "")), "method paste needs to know where defects are: name the folder of their masks in dataset.masks"},
		{folders(methodsOf("", "", ", generate: {method: fill}", "")), "method fill with mask: training needs to know where defects are"},
	} {
		_, err := Parse("methods.yaml", "/dir", []byte(test.text))
		if err == nil || !strings.Contains(err.Error(), test.message) {
			t.Errorf("got %v, want %q in\n%s", err, test.message, test.text)
		}
	}
	for _, text := range []string{
		methodsOf("generate: {feather: 2, strength: 0.5}", "", ", generate: {method: paste}", ""), // for the set that takes it
		folders(methodsOf("", "", ", generate: {method: fill, mask: boxes}", "")),
		folders(methodsOf("", "", ", generate: {method: refer}", "")),
	} {
		if _, err := Parse("methods.yaml", "/dir", []byte(text)); err != nil {
			t.Errorf("%v in\n%s", err, text)
		}
	}
}

// TestSettingsOfMethods: options are settings of an experiment that has a method with them.
func TestSettingsOfMethods(t *testing.T) {
	threeMethods(t)
	for text, want := range map[string]bool{
		methodsOf("", "", "", ""):                                    false,
		methodsOf("", "", ", generate: {method: [fill, paste]}", ""): true,
	} {
		exp, err := Parse("methods.yaml", "/dir", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(exp.Settings(), Setting{"generate.feather", "3"}); got != want {
			t.Errorf("generate.feather is a setting: %v in\n%s", got, text)
		}
		if exp.NeedsMasks() != want {
			t.Errorf("masks are needed: %v in\n%s", !want, text)
		}
	}
	if !slices.Contains(Assignments(), "generate.blend=poisson") {
		t.Error("a shell does not know generate.blend")
	}
}

// TestUses: what a method may have, an option can say.
func TestUses(t *testing.T) {
	threeMethods(t)
	usual := defaults().Generate
	with := func(f func(*Generate)) Generate { g := usual; f(&g); return g }
	for _, test := range []struct {
		g    Generate
		uses string
	}{
		{usual, "base lora source"},
		{with(func(g *Generate) { g.Method = "fill" }), "base lora source mask"},
		{with(func(g *Generate) { g.Method, g.Mask = "fill", "blobs" }), "base lora source"},
		{with(func(g *Generate) { g.Method = "refer" }), "base source defect"},
		{with(func(g *Generate) { g.Method, g.WithLoRA, g.WithinMask = "refer", true, true }), "base lora source defect mask"},
		{with(func(g *Generate) { g.Method = "paste" }), "source defect mask"},
	} {
		var got []string
		for _, input := range []string{InputBase, InputLoRA, InputSource, InputDefect, InputMask} {
			if test.g.Uses(input) {
				got = append(got, input)
			}
		}
		if strings.Join(got, " ") != test.uses {
			t.Errorf("%+v uses %q, want %s", test.g, got, test.uses)
		}
	}
}

// TestPatternsWithoutLoRA: what a method does not use neither names nor multiplies patterns.
func TestPatternsWithoutLoRA(t *testing.T) {
	threeMethods(t)
	withMethods(t, map[string]Method{"move": {Needs: []string{InputSource}, Masks: true}})
	head := "name: methods\ndataset: {format: mvtec, root: data, noun: nut, defects: [crack]}\nbase: tiny-sd\n"
	for _, test := range []struct {
		text, names string
		trains      int
	}{
		{"patterns: {matrix: [{defect_images: 2, generate: {method: [img2img, refer, paste, move]}}]}",
			"2 defect, 0 regularization; 2 defect, method refer; 2 defect, method paste; method move", 1},
		{"generate: {method: refer}\npatterns: {baseline: true, matrix: [{defect_images: [2, 4]}]}", "no LoRA; 2 defect; 4 defect", 0},
		{"generate: {method: move}\npatterns: {matrix: [{source_images: 3}]}", "source images 3", 0},
		{"generate: {method: move}\npatterns: {matrix: [{}]}", "method move", 0},
		{"patterns: {matrix: [{defect_images: 2, rank: [2, 4], regularization_images: [0, 3], generate: {method: refer, weight: 0.5}}]}", "2 defect, method refer, weight 0.5", 0},
		{"patterns: {matrix: [{defect_images: 2, resolution: [64, 128], generate: {method: refer}}]}",
			"2 defect, resolution 64, method refer; 2 defect, resolution 128, method refer", 0},
		{"patterns: {matrix: [{defect_images: 2, regularization_images: 3, generate: {method: fill, mask: boxes, strength: [0.5, 0.6]}}]}",
			"2 defect, 3 regularization, method fill, mask boxes, strength 0.5; 2 defect, 3 regularization, method fill, mask boxes, strength 0.6", 2},
	} {
		exp, err := Parse("methods.yaml", "/dir", []byte(head+test.text))
		if err != nil {
			t.Errorf("%v in\n%s", err, test.text)
			continue
		}
		var names []string
		trains := 0
		for _, p := range exp.ExpandPatterns() {
			if names = append(names, p.Name); p.Trains() {
				trains++
			}
		}
		if got := strings.Join(names, "; "); got != test.names || trains != test.trains {
			t.Errorf("%s\ngives %d with LoRAs: %s\nwant %d: %s", test.text, trains, got, test.trains, test.names)
		}
	}
}
