package draft

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kizu/orchestrator/experiment"
)

var update = flag.Bool("update", false, "write the golden files")

// written is a draft's text, which must be an experiment.
func written(t *testing.T, found Found) (string, *Draft, *experiment.Experiment) {
	t.Helper()
	d, err := New(found)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := d.Write(&text); err != nil {
		t.Fatal(err)
	}
	exp, err := experiment.Parse("draft.yaml", "", text.Bytes())
	if err != nil {
		t.Fatalf("%v in\n%s", err, text.String())
	}
	return text.String(), d, exp
}

// names makes n names of photos from a pattern of the number.
func names(n int, name func(i int) string) (list []string) {
	for i := range n {
		list = append(list, name(i))
	}
	return list
}

func TestDrafts(t *testing.T) {
	for name, found := range map[string]Found{
		"folders": {
			Root: "photos/PCB-Line 3", Folder: "PCB-Line 3", Format: "folders", Good: "iO", GoodWhy: "guessed by its name",
			Classes: []Class{{Name: "iO", Either: 300}, {Name: "Kratzer", Either: 42}, {Name: "Lötfehler", Either: 17}},
			Photos:  names(359, func(i int) string { return fmt.Sprintf("iO/board_%04d_view_%d.png", i/3, i%3) }), Oblong: "640×200", Masks: "masks", Masked: 42,
		},
		"mvtec on a GPU": {
			Root: "/data/mvtec_ad/hazelnut", Folder: "hazelnut", Format: "mvtec", Good: "good", GoodWhy: "the one that train has",
			Classes: []Class{{Name: "good", Training: 391, Testing: 40}, {Name: "crack", Either: 18}, {Name: "cut", Either: 17}},
			Masks:   "ground_truth", Masked: 35, GPU: "NVIDIA H200, 139 GB", Cached: Bases[:1], ImageNet: true,
		},
		"few photos": {
			Root: "../true", Folder: "true", Format: "folders", Good: "good", GoodWhy: "guessed by its name",
			Classes: []Class{{Name: "good", Either: 3}, {Name: "true", Either: 3}}, Cached: Bases[5:], Masks: "gt", MaskWhy: "mask gt/true/0.png has no photo",
		},
	} {
		t.Run(name, func(t *testing.T) {
			text, _, _ := written(t, found)
			golden := filepath.Join("testdata", strings.ReplaceAll(name, " ", "_")+".yaml")
			if *update {
				if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil || string(want) != text {
				t.Errorf("%v; got\n%s\nrun go test ./orchestrator/draft -update, and look at the difference", err, text)
			}
		})
	}
}

// TestDraftsTakeWhatThereIs: whatever the numbers of photos, a draft reads as an
// experiment, and no class is asked for more photos than it has.
func TestDraftsTakeWhatThereIs(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	few := func(least int) int { return least + random.IntN(1<<(1+random.IntN(8))) }
	for range 500 {
		good := Class{Name: "ok: yes", Either: few(2)}
		if random.IntN(2) == 0 {
			good = Class{Name: "ok: yes", Training: few(1), Testing: few(1)}
		}
		found := Found{Root: "a #b/{c}", Folder: "ü", Format: "folders", Good: good.Name, GoodWhy: "a guess", Classes: []Class{good}}
		for i := range 1 + random.IntN(4) {
			found.Classes = append(found.Classes, Class{Name: fmt.Sprintf("%03d, \"no\"", i), Either: few(2)})
		}
		if random.IntN(2) == 0 {
			found.GPU, found.Cached = "a GPU", Bases[random.IntN(len(Bases)):]
		}
		text, _, exp := written(t, found)
		if exp.Dataset.Root != found.Root {
			t.Fatalf("root %q of %q in\n%s", exp.Dataset.Root, found.Root, text)
		}
		for _, class := range found.Classes {
			tested, real := exp.TestCount(class.Name), 0
			for _, set := range exp.Conditions.TrainingSets {
				real = max(real, set.Of(class.Name, good.Name).Real)
			}
			for _, c := range exp.ExpandConditions() {
				if class.Name == good.Name {
					real = max(real, c.LoRA.GoodImages, c.LoRA.RegularizationImages, c.LoRA.SourceImages)
				} else {
					real = max(real, c.LoRA.DefectImages)
				}
			}
			for _, p := range exp.ExpandPatterns() {
				if class.Name == good.Name {
					real = max(real, p.RegularizationImages)
				} else {
					real = max(real, p.DefectImages)
				}
			}
			training := class.Training
			if class.Either > 0 {
				training = class.Either - tested
			} else if tested > class.Testing {
				t.Fatalf("%+v: %d are tested on, in\n%s", class, tested, text)
			}
			if tested < 1 || real < 1 || real > training {
				t.Fatalf("%+v: %d are tested on and %d trained on, in\n%s", class, tested, real, text)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	good := Class{Name: "good", Either: 10}
	for want, classes := range map[string][]Class{
		`there is one class, "good": a study needs a folder of good parts and one of each defect`:                                       {good},
		`class "dent" has 1 photo: it takes two, one to train with and one to test on; add photos, or move its folder elsewhere`:        {good, {Name: "dent", Either: 1}},
		`a class of defects cannot be called "defects", which experiment files say of others: rename its folder, to defect for example`: {good, {Name: "defects", Either: 9}},
		"there are too few photos of good parts: it takes two, one to train with and one to test on":                                    {{Name: "good", Either: 1}, {Name: "dent", Either: 9}},
	} {
		if _, err := New(Found{Good: "good", Classes: classes}); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestGood(t *testing.T) {
	for want, names := range map[string][]string{
		"good": {"broken", "good", "ok"}, "OK": {"NG", "OK"}, "i.O.": {"i.O.", "n.i.O."}, "良品": {"不良品", "良品"},
		"no_defect": {"defect", "no_defect"}, "Gut-Teile": {"Ausschuss", "Gut-Teile"}, "weiss": {"rot", "weiss"},
	} {
		good, why := Good(names, func(name string) int { return len(name) })
		if good != want || (why == "guessed by its name") != (want != "weiss") {
			t.Errorf("%q: %s, %s", names, good, why)
		}
	}
}

func TestPartsInNames(t *testing.T) {
	for _, test := range []struct {
		what, want string
		photos     []string
	}{
		{"numbers alone", "", names(60, func(i int) string { return fmt.Sprintf("good/%03d.png", i) })},
		{"a class and a number", "", names(60, func(i int) string { return fmt.Sprintf("good/good_%03d.png", i) })},
		{"two cameras", "", names(60, func(i int) string { return fmt.Sprintf("good/cam%d_%03d.png", i%2, i) })},
		{"each another", "", names(60, func(i int) string { return fmt.Sprintf("good/%03d_x.png", i) })},
		{"places on a board", `([^/_]+)_[^/]*$`, names(60, func(i int) string { return fmt.Sprintf("good/%05d_%d_%d.png", i/3, i*7, i*5) })},
		{"numbered tiles", `(?i)[/_-](?:num|part|board|piece|sample|serial|sn|tile|wafer|unit)[_-]?(\d+)`, names(60, func(i int) string { return fmt.Sprintf("good/exp%d_num_%d.jpg", i%4, i/4) })},
		{"with dashes", `([^/-]+)-[^/]*$`, names(60, func(i int) string { return fmt.Sprintf("good/a%d-%d.jpg", i/2, i%2) })},
		{"a long name and a number", `([^/]+)[_-]\d+\.\w+$`, names(60, func(i int) string { return fmt.Sprintf("good/line_shift_%d_%d.jpg", i/4, i%4) })},
	} {
		if got := partsIn(test.photos); got.Pattern != test.want {
			t.Errorf("%s: %+v, want %s", test.what, got, test.want)
		}
	}
}

func TestNames(t *testing.T) {
	for folder, want := range map[string][2]string{
		"hazelnut": {"hazelnut", "hazelnut"}, "PCB-Line 3": {"PCB-Line-3", "pcb line 3"}, "良品": {"study", "良品"}, "_x_.": {"x", "x"},
		"..": {"study", "part"}, strings.Repeat("a", 70): {strings.Repeat("a", 64), strings.Repeat("a", 70)},
	} {
		if name, noun := NameOf(folder), nounOf(folder); name != want[0] || noun != want[1] {
			t.Errorf("%q: %q, %q", folder, name, noun)
		}
	}
}

// TestMasksOfOtherNames: the layout of MVTec AD has masks in ground_truth; others are said.
func TestMasksOfOtherNames(t *testing.T) {
	found := Found{
		Root: "nuts", Folder: "nuts", Format: "mvtec", Good: "good", GoodWhy: "the one that train has",
		Classes: []Class{{Name: "good", Training: 40, Testing: 20}, {Name: "crack", Either: 18}}, Masked: 18,
	}
	for name, want := range map[string]string{"ground_truth": "", "masks": "masks"} {
		found.Masks = name
		if _, _, exp := written(t, found); exp.Dataset.Masks != want {
			t.Errorf("masks in %s are said to be in %q and not %q", name, exp.Dataset.Masks, want)
		}
	}
}
