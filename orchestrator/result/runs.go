package result

import (
	"errors"
	"fmt"
	"slices"
)

// Runs is what the classifiers of one condition, one of every seed, said of the same test images.
type Runs struct {
	Classes   []string
	Seeds     []int64
	images    []string
	labels    []int   // of every image
	predicted [][]int // of every seed and image
	sizes     []int   // images of each class

	// parts are the images of each physical part, which are no independent trials; an
	// image of which nothing is said is one alone.
	parts  [][]int
	strata [][]int // parts by class, see stratify
}

// NewRuns joins the predictions of several seeds. That they are of other images, or of the same
// ones in another order, is an error: nothing could be compared image by image.
func NewRuns(seeds []int64, list []*Predictions) (*Runs, error) {
	if len(list) == 0 || len(seeds) != len(list) {
		return nil, errors.New("no predictions, or not one for every seed")
	}
	first := list[0]
	r := &Runs{Classes: first.Classes, Seeds: seeds, sizes: make([]int, len(first.Classes))}
	for _, img := range first.Images {
		r.images = append(r.images, img.Image)
		r.labels = append(r.labels, img.Label)
		r.sizes[img.Label]++
	}
	for _, p := range list {
		if !slices.Equal(p.Classes, r.Classes) || len(p.Images) != len(r.images) {
			return nil, fmt.Errorf("seed %d was tested on other classes or images than seed %d", seeds[len(r.predicted)], seeds[0])
		}
		predicted := make([]int, len(p.Images))
		for i, img := range p.Images {
			if img.Image != r.images[i] || img.Label != r.labels[i] {
				return nil, fmt.Errorf("test image %d is %q for seed %d and %q for seed %d",
					i+1, img.Image, seeds[len(r.predicted)], r.images[i], seeds[0])
			}
			predicted[i] = img.Predicted
		}
		r.predicted = append(r.predicted, predicted)
	}
	r.SetParts(nil)
	return r, nil
}

// SetParts says which part the image of a name shows; "" is one of its own, and nil says so of all.
// Intervals and tests take parts for what was sampled from then on, not images.
func (r *Runs) SetParts(partOf func(image string) string) {
	r.parts = nil
	at := map[string]int{}
	for i, name := range r.images {
		part := ""
		if partOf != nil {
			part = partOf(name)
		}
		place, known := at[part]
		if part == "" || !known {
			place = len(r.parts)
			r.parts = append(r.parts, nil)
		}
		if part != "" {
			at[part] = place
		}
		r.parts[place] = append(r.parts[place], i)
	}
	labels := make([]int, len(r.parts)) // that of the first image
	for p, images := range r.parts {
		labels[p] = r.labels[images[0]]
	}
	r.strata = stratify(labels, len(r.Classes))
}

// Parts is the number of parts that the test images show.
func (r *Runs) Parts() int { return len(r.parts) }

// byPart sums a value of images up for each part.
func (r *Runs) byPart(value func(image int) float64) []float64 {
	sums := make([]float64, len(r.parts))
	for p, images := range r.parts {
		for _, i := range images {
			sums[p] += value(i)
		}
	}
	return sums
}

// Tested is the number of test images.
func (r *Runs) Tested() int { return len(r.images) }

// SameImages reports whether two conditions were tested on the same images.
func (r *Runs) SameImages(other *Runs) bool {
	return slices.Equal(r.images, other.images) && slices.Equal(r.labels, other.labels)
}

// stratify groups parts by class. A class of one part shows no variance, so
// it joins the class after it, or before it (collapsed strata: Cochran,
// Sampling Techniques, 3rd ed., 1977, section 5A.12).
func stratify(labels []int, classes int) [][]int {
	byClass := make([][]int, classes)
	for i, label := range labels {
		byClass[label] = append(byClass[label], i)
	}
	var strata [][]int
	var alone []int
	for _, images := range byClass {
		if images = append(alone, images...); len(images) < 2 {
			alone = images
			continue
		}
		strata, alone = append(strata, images), nil
	}
	if last := len(strata) - 1; last >= 0 {
		strata[last] = append(strata[last], alone...)
	} else if len(alone) > 0 {
		strata = [][]int{alone}
	}
	return strata
}

// shares are the test images' weights in the accuracy: all the same.
func (r *Runs) shares() []float64 {
	weights := make([]float64, len(r.labels))
	for i := range weights {
		weights[i] = 1 / float64(len(weights))
	}
	return weights
}

// balanced are the test images' weights in the balanced accuracy: every class
// that has images weighs the same.
func (r *Runs) balanced() []float64 {
	present := 0
	for _, n := range r.sizes {
		if n > 0 {
			present++
		}
	}
	weights := make([]float64, len(r.labels))
	for i, label := range r.labels {
		weights[i] = 1 / float64(present*r.sizes[label])
	}
	return weights
}

// right is 1 where a run found an image's class, and 0 elsewhere.
func (r *Runs) right(run, image int) float64 {
	if r.predicted[run][image] == r.labels[image] {
		return 1
	}
	return 0
}

// found is the share of images whose class a run found.
func (r *Runs) found(run int) float64 {
	sum := 0.0
	for i := range r.labels {
		sum += r.right(run, i)
	}
	return sum / float64(len(r.labels))
}
