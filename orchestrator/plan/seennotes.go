package plan

import (
	"fmt"
	"iter"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
)

// What a defect must measure to be learnt, in pixels of what a network sees.
const (
	latentCell      = 8 * 8 // one cell of what the autoencoders of Stable Diffusion make of a picture
	classifierCells = 4
)

// checkViews looks at what is seen of photos and of their defects. kept are photos that
// LoRAs do not learn.
func (c *Checkup) checkViews(exp *experiment.Experiment, found *dataset.Inspection, kept map[string]bool) {
	v := views{exp.Dataset, found.Set}
	for _, problem := range found.MaskProblems {
		c.Warnings = append(c.Warnings, problem.Error()+" (nothing in this file needs masks)")
	}
	if turned := found.Set.MayBeTurned(); len(turned) > 0 {
		c.Warnings = append(c.Warnings, fmt.Sprintf("%s turned by EXIF orientation, and its masks would fit either way: make sure that they are of the upright photo",
			others(turned[0].Name, len(turned))))
	}
	for i := range c.Photos {
		folder := &c.Photos[i]
		photos := found.Set.Of(folder.Class)
		for _, img := range photos {
			if img.Marking != nil {
				folder.Masked++
			}
		}
		for _, n := range v.networks(exp, folder.Class) {
			seen, err := v.seenBy(n, photos, kept)
			if err != nil {
				continue // which planning says
			}
			folder.Seen = append(folder.Seen, seen)
		}
		c.Warnings = append(c.Warnings, folder.warnings(exp.Dataset)...)
	}
	anew := func(c experiment.Condition) bool { return c.UsesGenerated() && !c.LoRA.Generate.How().Masks }
	if exp.Dataset.Crop != nil && slices.ContainsFunc(exp.ExpandConditions(), anew) {
		c.Warnings = append(c.Warnings, "images are generated at the scale of the regions around defects (dataset.crop), and classifiers see photos "+
			seenAs(exp.Dataset.Fit)+": the two differ in scale, which a classifier may go by")
	}
}

func seenAs(fit experiment.Fit) string {
	if fit.How == experiment.FitTiles {
		return "in tiles"
	}
	return "whole"
}

// others is a photo with those that are like it.
func others(name string, all int) string {
	if all == 1 {
		return "photo " + name + " is"
	}
	return fmt.Sprintf("photo %s and %d more are", name, all-1)
}

// warnings are what is to be looked at before a run: defects that are not seen.
func (f FolderView) warnings(d experiment.Dataset) (list []string) {
	for names, seen := range f.alike() {
		if seen.Lost+seen.Cut > 0 {
			list = append(list, fmt.Sprintf("%s: of the defects of %s, %d %s cut away wholly and %d in part for %s, the first in %s: dataset.fit: %s takes the square in the middle; pad, stretch and tiles show all",
				f.Class, english.Plural(seen.Lost+seen.Cut, "photo", "photos"), seen.Lost, english.PluralWord(seen.Lost, "is", "are"), seen.Cut, names, seen.FirstLost, d.Fit.How))
		}
	}
	for _, seen := range f.Seen {
		fewest, what, larger := float64(latentCell), "one cell of the autoencoder is 64: what it gives back may not show it", "lora.resolution"
		if seen.Network != "LoRAs" {
			fewest, what, larger = classifierCells, "fewer than 4 say little", "classifier.resolution"
		}
		other := "or tiles show"
		switch {
		case seen.Network == "LoRAs" && d.Crop != nil:
			other = "or a smaller dataset.crop.ratio show"
		case d.Fit.How == experiment.FitTiles:
			other = "or smaller tiles show"
		case seen.Network == "LoRAs":
			other = "or dataset.crop show"
		}
		if seen.Smallest != "" && seen.SmallestPx < fewest {
			list = append(list, fmt.Sprintf("%s: the smallest defect, in %s, is %s pixels to %s at %d×%d, and %s; a larger %s %s more of it",
				f.Class, seen.Smallest, pixels(seen.SmallestPx), seen.Network, seen.Resolution, seen.Resolution, what, larger, other))
		}
	}
	return list
}

// alike gives what networks see with their names: both, where the same is cut away for both.
func (f FolderView) alike() iter.Seq2[string, SeenView] {
	return func(yield func(string, SeenView) bool) {
		if len(f.Seen) == 2 && f.Seen[0].cutLike(f.Seen[1]) {
			yield(f.Seen[0].Network+" and "+f.Seen[1].Network, f.Seen[0])
			return
		}
		for _, seen := range f.Seen {
			if !yield(seen.Network, seen) {
				return
			}
		}
	}
}

// cutLike reports whether the same is cut away for two kinds of networks.
func (view SeenView) cutLike(other SeenView) bool {
	return view.CutMean == other.CutMean && view.CutWorst == other.CutWorst && view.Lost == other.Lost && view.Cut == other.Cut
}

// pixels writes a number of pixels: of few, with a digit after the point.
func pixels(n float64) string {
	if n < 0.1 {
		return "less than 0.1"
	}
	if n < 10 {
		return fmt.Sprintf("%.1f", n)
	}
	return fmt.Sprintf("%.0f", n)
}

// littleCut is a share of a photo that may be cut away without being worth a line.
const littleCut = 0.05

// SeenNotes say in few lines how much is cut away of the photos of all classes, and how
// small the smallest defect is as networks see it.
func (c *Checkup) SeenNotes() (notes []string) {
	type cut struct {
		low, high float64 // of the classes' means
		worst     SeenView
	}
	var networks []string // in the order in which they come
	cuts, smallest := map[string]cut{}, map[string]SeenView{}
	for _, class := range c.Photos {
		for names, seen := range class.alike() {
			all, known := cuts[names]
			if !known {
				networks = append(networks, names)
				all = cut{seen.CutMean, seen.CutMean, seen}
			}
			all.low, all.high = min(all.low, seen.CutMean), max(all.high, seen.CutMean)
			if seen.CutWorst > all.worst.CutWorst {
				all.worst = seen
			}
			cuts[names] = all
		}
		for _, seen := range class.Seen {
			least, known := smallest[seen.Network]
			if seen.Smallest != "" && (!known || seen.SmallestPx < least.SmallestPx) {
				smallest[seen.Network] = seen
			}
		}
	}
	for _, names := range networks {
		if all := cuts[names]; all.worst.CutWorst >= littleCut {
			notes = append(notes, fmt.Sprintf("cut away for %s: %s %% of a photo on average, at most %.0f %% (%s)",
				names, span(percent(all.low), percent(all.high)), 100*all.worst.CutWorst, all.worst.Worst))
		}
	}
	for _, network := range []string{"LoRAs", "classifiers"} {
		if seen, known := smallest[network]; known {
			notes = append(notes, fmt.Sprintf("smallest defect: %s pixels to %s at %d×%d (%s)",
				pixels(seen.SmallestPx), network, seen.Resolution, seen.Resolution, seen.Smallest))
		}
	}
	return notes
}

func percent(share float64) int { return int(100*share + 0.5) }
