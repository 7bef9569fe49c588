package plan

import (
	"fmt"
	"image"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// viewNotes say what is seen of photos, where that is not the square in their middle.
func (p *Plan) viewNotes() []string {
	v := views{p.Experiment.Dataset, p.Set}
	var notes []string
	switch {
	case v.tiled() && (p.Experiment.Conditions != nil || v.Crop == nil): // somebody sees tiles
		notes = append(notes, v.tiledNote(p.Experiment))
	case v.Fit.How == experiment.FitStretch:
		notes = append(notes, "photos are stretched into squares")
	case v.Fit.How == experiment.FitPad && v.Fit.Pad == "":
		notes = append(notes, "photos are padded into squares with the pixels at their edges")
	case v.Fit.How == experiment.FitPad:
		notes = append(notes, "photos are padded into squares with "+v.Fit.Pad)
	}
	if v.tiled() && p.Experiment.Conditions != nil {
		notes = append(notes, v.tileNotes(p.Division.Train)...)
	}
	if v.Crop != nil {
		notes = append(notes, v.cropNotes(p.Experiment.LoRA.Resolution)...)
	}
	return notes
}

// tiledNote says who sees tiles.
func (v views) tiledNote(exp *experiment.Experiment) string {
	sides := "their shorter sides"
	if v.Fit.Tiles > 0 {
		sides = fmt.Sprintf("%d pixels", v.Fit.Tiles)
	}
	var who []string
	if exp.Conditions != nil {
		who = append(who, "classifiers see all, and go by the worst of a test photo")
	}
	if v.Crop == nil {
		who = append(who, "LoRAs see one of a photo, which of a defect photo shows most of the defect")
	}
	return fmt.Sprintf("photos are cut into tiles of %s: %s", sides, strings.Join(who, "; "))
}

// tileNotes count the tiles of photos for training by what they show. A class without
// masks is one that nothing uses in tiles.
func (v views) tileNotes(train map[string][]dataset.Image) (notes []string) {
	for _, class := range v.Classes() {
		var of [sideDefect + 1]int
		for _, img := range train[class] {
			_, counts, err := v.tiles(img)
			if err != nil {
				break
			}
			for _, side := range sides(counts) {
				of[side]++
			}
		}
		all := english.Plural(len(train[class]), "photo", "photos")
		switch total := of[sideGood] + of[sideGrazed] + of[sideDefect]; {
		case class == v.Good:
			notes = append(notes, fmt.Sprintf("%s: %s for training in %d tiles", class, all, total))
		case total > 0:
			notes = append(notes, fmt.Sprintf("%s: %s for training in %d tiles: %d show the defect, %d show none of it and are good, %d graze it and are left out",
				class, all, total, of[sideDefect], of[sideGood], of[sideGrazed]))
		}
	}
	return notes
}

// cropNotes say how large the regions around defects are.
func (v views) cropNotes(resolution int) (notes []string) {
	for _, class := range v.Defects {
		var least, most image.Point
		for i, img := range v.set.Of(class) {
			region, err := v.around(img, resolution)
			if err != nil {
				break
			}
			size := region.Size()
			if i == 0 {
				least, most = size, size
			}
			if size.X*size.Y < least.X*least.Y {
				least = size
			}
			if size.X*size.Y > most.X*most.Y {
				most = size
			}
		}
		if most.X > 0 {
			notes = append(notes, fmt.Sprintf("%s: LoRAs learn regions around masks, %d×%d to %d×%d pixels", class, least.X, least.Y, most.X, most.Y))
		}
	}
	return notes
}

// sameSets warns of training sets that come to one: the same images, trained on in the same way.
func (p *Plan) sameSets() (notes []string) {
	first := map[*Task]string{}
	for _, cell := range p.FirstSeed() {
		tested := cell.Tested()
		if tested == nil {
			continue
		}
		if same, ok := first[tested]; ok {
			notes = append(notes, fmt.Sprintf("training sets %q and %q come to the same images and are one: what is said of their difference says nothing", same, cell.Name))
			continue
		}
		first[tested] = cell.Name
	}
	return notes
}

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
