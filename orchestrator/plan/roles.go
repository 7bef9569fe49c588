package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// PhotoRoles says what one photo of the dataset is used for.
type PhotoRoles struct {
	Photo  string    `json:"photo"` // its path below the dataset's root
	Class  string    `json:"class"`
	Part   string    `json:"part,omitempty"`    // that it is said to show
	Roles  []RoleUse `json:"roles"`             // none: it is used for nothing
	CopyOf string    `json:"copy_of,omitempty"` // the photo that counts in its place
}

// RoleUse is one role of a photo, which it has in some cells of a study, whatever their
// seed, unless seeds draw their own photos.
type RoleUse struct {
	Role    stage.Role `json:"role"`
	Study   string     `json:"study"`
	Classes []string   `json:"classes,omitempty"` // whose LoRAs or images it is used for
	Cells   []string   `json:"cells"`             // patterns, or conditions
	Seeds   []int64    `json:"seeds,omitempty"`   // that drew the photo, where each draws its own
}

// Roles lists every photo of the classes with its roles, class by class and by name.
func (p *Plan) Roles() []PhotoRoles {
	uses := roleUses{p, map[string][]RoleUse{}}
	cells := p.FirstSeed()
	if p.Experiment.Redraws() {
		cells = p.Cells
	}
	for _, cell := range cells {
		p.useIn(cell, uses)
		p.refereeIn(cell, uses)
	}
	list := []PhotoRoles{}
	for _, class := range p.Experiment.Dataset.Classes() {
		first := len(list)
		of := map[string]bool{}
		for _, img := range p.Set.Of(class) {
			of[img.Name] = true
			list = append(list, PhotoRoles{Photo: img.Name, Class: class, Part: img.Part, Roles: uses.merged(img)})
		}
		for _, copied := range p.Set.Duplicates {
			if of[copied.Same] {
				list = append(list, PhotoRoles{Photo: copied.Name, Class: class, Roles: []RoleUse{}, CopyOf: copied.Same})
			}
		}
		slices.SortFunc(list[first:], func(a, b PhotoRoles) int { return strings.Compare(a.Photo, b.Photo) })
	}
	return list
}

// useIn notes what the photos are to a cell's tasks.
func (p *Plan) useIn(cell Cell, uses roleUses) {
	if cell.Pattern != nil {
		defect := p.Experiment.Patterns.Defect
		for _, task := range cell.Generate.behind() {
			uses.add(task, cell, defect)
		}
		for _, task := range cell.Observing() {
			class := ""
			if task.Kind == stage.KindGenerate { // the noun's images
				class = defect
			}
			uses.add(task, cell, class)
			for _, control := range task.Needs {
				if control.Kind == stage.KindAutoencode {
					uses.add(control, cell, "")
				}
			}
		}
		return
	}
	if cell.Detect != nil {
		uses.add(cell.Detect, cell, "")
		return
	}
	uses.add(cell.Classify, cell, "")
	for class, images := range cell.Classify.Makers() {
		for _, task := range images.behind() {
			uses.add(task, cell, class)
		}
	}
	for _, img := range cell.Classify.Spec.(stage.Classify).Decoded { // of what is decoded for all cells
		pictures := cell.Classify.Need(img.Path).Spec.(stage.Autoencode)
		photo, _ := p.Image(pictures.Images[img.First])
		uses.note(photo.SHA256, stage.Decoded, cell, "")
	}
	for _, control := range cell.Classify.Needs {
		if !slices.Contains(cell.Classify.MadeFrom(), control) {
			uses.add(control, cell, "")
		}
	}
}

// refereeIn notes the photos that a referee learns that is trained.
func (p *Plan) refereeIn(cell Cell, uses roleUses) {
	if len(cell.Judged) == 0 {
		return
	}
	for _, trial := range p.Trials {
		spec, trained := trial.Task.Spec.(stage.Classify)
		if !trained {
			return
		}
		for ref := range spec.Reads()[0].Photos {
			img, _ := p.Image(ref)
			uses.note(img.SHA256, stage.Refereeing, cell, "")
		}
	}
}

// roleOrder is how a photo's roles are listed: what may not meet first.
var roleOrder = []stage.Role{stage.Test, stage.Training, stage.Decoded, stage.Instance, stage.Regularization, stage.Source, stage.Pasted, stage.Reference, stage.Mask, stage.Guide, stage.Refereeing, stage.Compared, stage.Control, stage.Calibration}

// roleUses are the roles of photos, by the hashes of their files: a region of a photo, or
// its mask, is used as the photo is.
type roleUses struct {
	plan *Plan
	of   map[string][]RoleUse
}

// add notes what photos are to a task of a cell; class is that of its LoRA or images.
func (u roleUses) add(task *Task, cell Cell, class string) {
	for _, reading := range task.Spec.Reads() {
		for ref := range reading.Photos {
			img, _ := u.plan.Image(ref)
			u.note(img.SHA256, reading.Role, cell, class)
		}
	}
}

func (u roleUses) note(sum string, role stage.Role, cell Cell, class string) {
	same := func(use RoleUse) bool {
		return use.Role == role && use.Study == cell.Study && use.Classes[0] == class
	}
	i := slices.IndexFunc(u.of[sum], same)
	if i < 0 {
		i = len(u.of[sum])
		u.of[sum] = append(u.of[sum], RoleUse{role, cell.Study, []string{class}, nil, nil})
	}
	use := &u.of[sum][i]
	if !slices.Contains(use.Cells, cell.Name) {
		use.Cells = append(use.Cells, cell.Name)
	}
	drawn := u.plan.Experiment.Redraws() && cell.Condition != nil && role != stage.Test && role != stage.Control
	if drawn && !slices.Contains(use.Seeds, cell.Seed) {
		use.Seeds = append(use.Seeds, cell.Seed)
		slices.Sort(use.Seeds)
	}
}

// merged lists the roles of an image; those that it has for several classes in the same
// cells are one.
func (u roleUses) merged(img dataset.Image) []RoleUse {
	merged := []RoleUse{}
	for _, use := range u.of[img.SHA256] {
		i := slices.IndexFunc(merged, func(other RoleUse) bool {
			return other.Role == use.Role && other.Study == use.Study && slices.Equal(other.Cells, use.Cells) && slices.Equal(other.Seeds, use.Seeds)
		})
		switch {
		case use.Classes[0] == "":
			use.Classes = nil
			merged = append(merged, use)
		case i < 0:
			use.Classes = slices.Clone(use.Classes)
			merged = append(merged, use)
		default:
			merged[i].Classes = append(merged[i].Classes, use.Classes[0])
		}
	}
	slices.SortStableFunc(merged, func(a, b RoleUse) int {
		return cmp.Compare(slices.Index(roleOrder, a.Role), slices.Index(roleOrder, b.Role))
	})
	return merged
}

// Text says what a photo is used for: "test", "training (4 conditions)", "instance
// of LoRA hole (study 1, 3 patterns)", or "unused".
func (r PhotoRoles) Text() string {
	switch {
	case r.CopyOf != "":
		return "unused: a copy of " + r.CopyOf
	case len(r.Roles) == 0:
		return "unused"
	}
	texts := make([]string, len(r.Roles))
	for i, use := range r.Roles {
		texts[i] = use.text()
	}
	return strings.Join(slices.Compact(texts), "; ") // the controls of both studies read alike
}

func (u RoleUse) text() string {
	classes := strings.Join(u.Classes, ", ")
	conditions := english.Plural(len(u.Cells), "condition", "")
	if len(u.Seeds) > 0 {
		seeds := strings.Fields(strings.Trim(fmt.Sprint(u.Seeds), "[]"))
		conditions += ", " + english.PluralWord(len(seeds), "seed ", "seeds ") + english.WordSeries(seeds, "and")
	}
	where := "study 1, " + english.Plural(len(u.Cells), "pattern", "")
	if u.Study == experiment.Classification {
		where = "study 2, " + conditions
	}
	switch u.Role {
	case stage.Instance, stage.Regularization:
		return fmt.Sprintf("%s of LoRA %s (%s)", strings.TrimSuffix(string(u.Role), " image"), classes, where)
	case stage.Source:
		return fmt.Sprintf("source of images of %s (%s)", classes, where)
	case stage.Pasted:
		return fmt.Sprintf("pasted into images of %s (%s)", classes, where)
	case stage.Reference:
		return fmt.Sprintf("reference of images of %s (%s)", classes, where)
	case stage.Mask:
		return fmt.Sprintf("mask for %s (%s)", classes, where)
	case stage.Guide:
		return fmt.Sprintf("guide of the choice of images of %s (%s)", classes, where)
	case stage.Training:
		return fmt.Sprintf("training (%s)", conditions)
	case stage.Decoded:
		return fmt.Sprintf("training, decoded (%s)", conditions)
	case stage.Test:
		return "test"
	case stage.Calibration:
		return "calibration"
	case stage.Refereeing:
		return "training of the referee"
	case stage.Control:
		return "control (autoencoded)"
	case stage.Compared:
		return "measured"
	}
	return string(u.Role)
}
