package plan

import "fmt"

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
