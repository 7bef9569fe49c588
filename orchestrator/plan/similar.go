package plan

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// SimilarView is a photo that is tested on and one that is trained on which may show
// the same thing.
type SimilarView struct {
	Test        string  `json:"test"`
	Other       string  `json:"other"`
	Correlation float64 `json:"correlation"` // of what they show, at most 1
}

// Similar lists the test photos that look like a photo of which something learns: a
// classifier, a LoRA, the base model; and like which, the most alike first. It takes
// some seconds for thousands of photos, and is found once.
func (p *Plan) Similar() []dataset.Pair {
	if p.similar == nil { // there are no tasks
		return nil
	}
	return p.similar()
}

func (p *Plan) findSimilar() []dataset.Pair {
	var tested, others []dataset.Image
	test, learnt := p.Division.TestedHashes(), map[string]bool{}
	referees := p.referees() // which decides nothing
	for _, task := range p.Tasks {
		if slices.Contains(referees, task) {
			continue
		}
		task.shapedBy(func(ref stage.Ref, _ stage.Role) {
			sum, _ := ref.Hash() // or that of a region
			learnt[sum] = true
		})
	}
	for sum, mask := range p.masks {
		if learnt[sum] {
			learnt[mask.photo.SHA256] = true
		}
	}
	for _, img := range p.Set.Images {
		switch {
		case test[img.SHA256]:
			tested = append(tested, img)
		case learnt[img.SHA256] || img.In(p.Base.Seen):
			others = append(others, img)
		}
	}
	return p.Set.Similar(tested, others)
}

func (p *Plan) similarViews() (list []SimilarView) {
	for _, pair := range p.Similar() {
		list = append(list, SimilarView{pair.Photo.Name, pair.Other.Name, pair.Correlation})
	}
	return list
}

// SimilarNote warns of test photos that look like photos that are trained on; "" if there are none.
func (p *Plan) SimilarNote() string {
	n := len(p.Similar())
	if n == 0 {
		return ""
	}
	of := len(p.Division.TestedHashes())
	what := ": if they show the same part, say so under dataset.parts"
	if p.Set.Parted {
		what = " and said to show other parts: if they show the same, correct dataset.parts"
	}
	return fmt.Sprintf("%d of %s %s photos that are trained on%s", n,
		english.Plural(of, "test photo", "test photos"), english.PluralWord(n, "looks like", "look like"), what)
}

// SimilarPairs lists the first of the pairs that SimilarNote is about, one a line.
func (p *Plan) SimilarPairs() (lines []string) {
	const shown = 5
	pairs := p.Similar()
	for _, pair := range pairs[:min(len(pairs), shown)] {
		lines = append(lines, fmt.Sprintf("  %s looks like %s (%.2f)", pair.Photo.Name, pair.Other.Name, pair.Correlation))
	}
	if more := len(pairs) - shown; more > 0 {
		lines = append(lines, fmt.Sprintf("  and %d more, which --json lists", more))
	}
	return lines
}
