package plan

import (
	"cmp"
	"fmt"
	"iter"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/stage"
)

// View is a plan as `kizu plan --json` prints it.
type View struct {
	Experiment string        `json:"experiment"`
	Changes    []string      `json:"changes"` // of the file, by --set
	Photos     []PhotosView  `json:"photos"`
	Range      []string      `json:"range,omitempty"`     // of 16-bit photos, and what becomes of it
	Views      []string      `json:"views,omitempty"`     // what is seen of photos, where that is not the square in their middle
	Parts      []string      `json:"parts,omitempty"`     // what became of parts, where they are told
	Same       []string      `json:"same_sets,omitempty"` // training sets that come to one
	Referee    string        `json:"referee,omitempty"`   // what it is, or learns
	Redraw     string        `json:"redraw,omitempty"`    // of how many photos every seed draws its own
	Similar    []SimilarView `json:"similar,omitempty"`   // test photos that look like photos that are trained on
	Cells      []CellView    `json:"cells"`
	Tasks      []TaskView    `json:"tasks"`
}

// CellView is one cell of a View.
type CellView struct {
	Study string   `json:"study"`
	Name  string   `json:"name"`
	Seed  int64    `json:"seed"`
	Tasks []string `json:"tasks"` // ids

	Pattern   *LoRAView      `json:"pattern,omitempty"`   // of study 1
	Condition *ConditionView `json:"condition,omitempty"` // of study 2
}

// TaskView is one task of a View.
type TaskView struct {
	ID     string   `json:"id"`
	Kind   string   `json:"kind"`
	Key    string   `json:"key"`
	Label  string   `json:"label"`
	State  string   `json:"state"` // run or reuse
	Reason string   `json:"reason"`
	Needs  []string `json:"needs"` // ids

	Changes []Difference `json:"changes,omitempty"` // to the nearest artifact of the same cell
}

// View describes a plan that was compared with a store.
func (p *Plan) View() View { return p.ViewOf(p.Cells) }

// FirstSeed lists the cells of the first seed.
func (p *Plan) FirstSeed() []Cell {
	return slices.DeleteFunc(slices.Clone(p.Cells), func(c Cell) bool {
		first := p.Experiment.Seeds[0]
		if c.Pattern != nil {
			first = p.Experiment.Patterns.Seeds[0]
		}
		return c.Seed != first
	})
}

// ViewOf is View with some of the cells only.
func (p *Plan) ViewOf(cells []Cell) View {
	view := View{
		Experiment: p.Experiment.Name, Changes: append([]string{}, p.Experiment.Changes...),
		Photos: p.photos(), Cells: []CellView{}, Tasks: make([]TaskView, 0, len(p.Tasks)),
	}
	view.Range, _ = p.Set.RangeNotes()
	view.Parts, view.Similar = p.partNotes(), p.similarViews()
	view.Views, view.Same, view.Redraw, view.Referee = append(p.viewNotes(), p.stepNotes()...), p.sameSets(), p.RedrawNote(), RefereeNote(p.Experiment, p.Division, p.referee)
	for _, cell := range cells {
		view.Cells = append(view.Cells, p.cellView(cell))
	}
	for _, task := range p.Tasks {
		view.Tasks = append(view.Tasks, task.view())
	}
	return view
}

func (t *Task) view() TaskView {
	state := "run"
	if t.Reuse {
		state = "reuse"
	}
	return TaskView{t.ID, t.Kind, t.Key, t.Label, state, t.Reason, IDs(t.Needs), t.Changes}
}

// IDs are the tasks' ids.
func IDs(tasks []*Task) []string {
	list := []string{}
	for _, task := range tasks {
		list = append(list, task.ID)
	}
	return list
}

// PhotosView says how the photos of one class are divided.
type PhotosView struct {
	Class    string `json:"class"`
	Found    int    `json:"found"`
	Tested   int    `json:"tested"`
	Training int    `json:"training"`         // may be drawn for anything but testing
	Kept     int    `json:"kept"`             // of them, not tested on since the base model knows them
	Unused   int    `json:"unused,omitempty"` // neither: others of their part are on the list that is tested on
}

// LoRAView counts the photos of a LoRA and of the images that it makes.
type LoRAView struct {
	Class                string `json:"class"`
	InstanceImages       int    `json:"instance_images"`
	RegularizationImages int    `json:"regularization_images"`
	SourceImages         int    `json:"source_images"` // different photos that images start from
	Images               int    `json:"images"`        // generated

	Chosen string         `json:"chosen,omitempty"` // how they are among candidates: 1 of 3, by change
	Method string         `json:"method,omitempty"` // by which they are; none for the usual one
	Inputs map[string]int `json:"inputs,omitempty"` // different photos by role, where they are not sources alone

	Training *TrainingView `json:"training,omitempty"` // none for the base model alone
}

// TrainingView says how often a training uses its images, as the report says it
// once the training has run.
type TrainingView struct {
	Mode     string  `json:"mode"`  // of regularization
	Steps    int     `json:"steps"` // of the optimizer
	Instance UseView `json:"instance"`
	Class    UseView `json:"class"` // regularization images
}

// UseView is how often the images of one role are used.
type UseView struct {
	stage.Uses
	Unused int `json:"unused"`
}

// ConditionView counts the images of a classifier, and its training's steps.
type ConditionView struct {
	Classes []ClassView `json:"classes"`
	Steps   int         `json:"optimizer_steps"`
	LoRAs   []LoRAView  `json:"loras"` // that make its generated images
}

// ClassView counts the images of one class.
type ClassView struct {
	Class     string `json:"class"`
	Real      int    `json:"real"`
	Decoded   int    `json:"decoded,omitempty"` // photos that the base's autoencoder gave back
	Generated int    `json:"generated"`
	Test      int    `json:"test"`
	Tiles     int    `json:"tiles,omitempty"`      // that show the class in the real photos, where these are seen in tiles
	TestTiles int    `json:"test_tiles,omitempty"` // of the test photos, then
}

// Learnt is how many pictures of the class a classifier is trained on: generated images,
// decoded photos, and real ones or their tiles.
func (c ClassView) Learnt() int { return cmp.Or(c.Tiles, c.Real) + c.Decoded + c.Generated }

func (p *Plan) photos() []PhotosView {
	list := []PhotosView{}
	if p.Division == nil {
		return list
	}
	for _, class := range p.Experiment.Dataset.Classes() {
		list = append(list, PhotosView{
			Class: class, Found: len(p.Set.Of(class)), Tested: len(p.Division.Test[class]),
			Training: len(p.Division.Train[class]), Kept: p.Division.Kept[class], Unused: len(p.Division.Unused[class]),
		})
	}
	return list
}

// partNotes say what parts there are, and where they kept the division from what was
// asked for.
func (p *Plan) partNotes() []string {
	if !p.Set.Parted {
		return nil
	}
	parts, alone := map[string]bool{}, 0
	for _, img := range p.Set.Images {
		if parts[img.PartOf()] = true; img.Part == "" {
			alone++
		}
	}
	notes := []string{fmt.Sprintf("%s show %s, and those of one part stay on one side; %s of which no part is told count as one each",
		english.Plural(len(p.Set.Images), "photo", "photos"), english.Plural(len(parts), "part", ""), english.Plural(alone, "photo", "photos"))}
	if n := p.Set.Joined; n > 0 {
		notes = append(notes, fmt.Sprintf("%s as one with others, since a picture is said to show both", english.Plural(n, "part counts", "parts count")))
	}
	for _, class := range p.Experiment.Dataset.Classes() {
		got, want := len(p.Division.Test[class]), p.Experiment.TestCount(class)
		if want > 0 && got != want {
			notes = append(notes, fmt.Sprintf("%s: %d are tested on and not %d, as near as whole parts allow", class, got, want))
		}
		if n := len(p.Division.Unused[class]); n > 0 {
			notes = append(notes, fmt.Sprintf("%s: %s used for nothing: others of the same parts are listed under conditions.test", class, english.Plural(n, "photo is", "photos are")))
		}
	}
	return notes
}

func (p *Plan) cellView(cell Cell) CellView {
	view := CellView{Study: cell.Study, Name: cell.Name, Seed: cell.Seed, Tasks: IDs(cell.Tasks())}
	if cell.Generate != nil {
		pattern := loraView(p.Experiment.Patterns.Defect, cell.Generate)
		view.Pattern = &pattern
	}
	if tested := cell.Tested(); tested != nil {
		view.Condition = CompositionOf(tested)
	}
	return view
}

// loraView counts what a task of generated images and its LoRA read.
func loraView(class string, images *Task) LoRAView {
	spec, readings := images.Made(), images.Candidates()[0].Spec.Reads()
	view := LoRAView{Class: class, SourceImages: len(spec.Sources), Images: spec.Count, Method: spec.Method, Chosen: images.ChosenBy()}
	if view.Chosen != "" {
		readings = slices.Concat(readings, images.Spec.Reads())
	}
	for _, reading := range readings {
		if reading.Role != stage.Source && reading.Role.Shapes() {
			if view.Inputs == nil {
				view.Inputs = map[string]int{}
			}
			view.Inputs[string(reading.Role)] += len(distinct(reading.Photos))
		}
	}
	if training := images.LoRA(); training != nil {
		lora := training.Spec.(stage.TrainLoRA)
		view.InstanceImages, view.RegularizationImages = len(lora.Instance.Images), len(lora.Class.Images)
		e := lora.Exposures()
		view.Training = &TrainingView{
			lora.Regularization, e.Steps, UseView{e.Instance, e.Instance.Unused()}, UseView{e.Class, e.Class.Unused()},
		}
	}
	return view
}

func distinct(refs iter.Seq[stage.Ref]) []stage.Ref { return slices.Compact(slices.Sorted(refs)) }

// CompositionOf counts what a classifier or a detector is trained and tested on.
func CompositionOf(classifier *Task) *ConditionView {
	if detector, ok := classifier.Spec.(stage.Detect); ok {
		return detectorView(detector)
	}
	spec := classifier.Spec.(stage.Classify)
	view := &ConditionView{Steps: spec.OptimizerSteps(), LoRAs: []LoRAView{}}
	photos, tiles := countPhotos(spec)
	for i, class := range spec.Classes {
		view.Classes = append(view.Classes, ClassView{Class: class, Real: photos[i]})
	}
	for _, img := range spec.Decoded {
		view.Classes[img.Class].Decoded++
	}
	for _, folder := range spec.Generated {
		view.Classes[folder.Class].Generated += folder.Count
	}
	tested := spec.Tested()
	for _, img := range tested {
		view.Classes[img.Class].Test++
	}
	if len(spec.Test) > len(tested) {
		for i := range view.Classes {
			view.Classes[i].Tiles = tiles[i]
		}
		for _, img := range spec.Test {
			view.Classes[img.Class].TestTiles++
		}
	}
	for class, images := range classifier.Makers() {
		view.LoRAs = append(view.LoRAs, loraView(class, images))
	}
	return view
}

// detectorView counts what a detector is made of and tested on.
func detectorView(spec stage.Detect) *ConditionView {
	view := &ConditionView{LoRAs: []LoRAView{}}
	for _, class := range spec.Classes {
		view.Classes = append(view.Classes, ClassView{Class: class})
	}
	view.Classes[0].Real = len(spec.Remembered())
	for _, img := range spec.Tested() {
		view.Classes[img.Class].Test++
	}
	if len(spec.Test) > len(spec.Tested()) {
		view.Classes[0].Tiles = len(spec.Train)
		for _, img := range spec.Test {
			view.Classes[img.Class].TestTiles++
		}
	}
	return view
}

// Makers goes through the classes of whose generated images a classifier's training set
// has some, in their order, with the tasks that make these.
func (t *Task) Makers() iter.Seq2[string, *Task] {
	spec := t.Spec.(stage.Classify)
	return func(yield func(string, *Task) bool) {
		for _, folder := range spec.Generated {
			if !yield(spec.Classes[folder.Class], t.Need(folder.Path)) {
				return
			}
		}
	}
}
