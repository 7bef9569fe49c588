package plan

import (
	"fmt"
	"strings"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// drawn is the division that a cell draws photos from: with redraw, study 2's cells draw
// them in an order of their seed.
func (b *builder) drawn(cell experiment.Cell) *dataset.Division {
	if cell.Condition == nil || !b.exp.Redraws() {
		return b.in.Division
	}
	if b.draws[cell.Seed] == nil {
		b.draws[cell.Seed] = b.in.Division.Redrawn(cell.Seed)
	}
	return b.draws[cell.Seed]
}

// perDraw names what cells that draw the same photos share, for once.
func (b *builder) perDraw(name string, cell experiment.Cell) string {
	if b.exp.Redraws() {
		return fmt.Sprintf("%s, draw %d", name, cell.Seed)
	}
	return name
}

// RedrawNote says how many photos of each class for training study 2's cells of a seed use,
// and of how many they are drawn anew; "" where they are not.
func (p *Plan) RedrawNote() string {
	if !p.Experiment.Redraws() {
		return ""
	}
	used := lineage{}
	for _, cell := range p.FirstSeed() {
		if cell.Classify != nil {
			for hash, way := range p.lineage(cell.Classify) {
				used[hash] = way
			}
		}
	}
	var counts, all []string
	for _, class := range p.Experiment.Dataset.Classes() {
		n, of := 0, p.Division.Train[class]
		for _, img := range of {
			if used[img.SHA256] != "" {
				n++
			}
		}
		counts = append(counts, fmt.Sprintf("%d of %d %s", n, len(of), class))
		if n == len(of) {
			all = append(all, class)
		}
	}
	note := "every seed draws its own photos for training: " + strings.Join(counts, ", ")
	if len(all) > 0 {
		note += "; all of " + strings.Join(all, " and ") + " are used, so that nothing is drawn anew there: ask for fewer"
	}
	return note
}
