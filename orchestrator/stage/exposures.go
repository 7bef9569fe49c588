package stage

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
)

// The ways in which regularization images accompany instance images.
// scripts/lora/regularization.py, which trains by them, describes each.
const (
	exact     = "exact"
	Kohya     = "kohya"
	diffusers = "diffusers"
)

// Exposures says how often a training uses its images.
type Exposures struct {
	Steps    int // optimizer steps
	Instance Uses
	Class    Uses // regularization images
}

// Uses is how often the images of one role are used.
type Uses struct {
	Given    int `json:"given"`
	Distinct int `json:"distinct"` // of the given, those used at all
	Min      int `json:"min"`      // times that an image that is used is used; 0 if none is
	Max      int `json:"max"`
}

// Unused is how many of the given images play no part.
func (u Uses) Unused() int { return u.Given - u.Distinct }

// Exposures counts how often each image is used. It is exact: the order of a
// training is a function of its spec.
func (s TrainLoRA) Exposures() Exposures {
	o := order{
		seed: s.Seed, instance: len(s.Instance.Images), class: len(s.Class.Images),
		batchSize: s.BatchSize, repeats: s.Repeats, classRepeats: max(1, s.RegularizationRepeats),
	}
	var instance, class []int
	switch s.Regularization {
	case Kohya:
		instance, class = o.kohya(s.Steps)
	case diffusers:
		instance, class = o.diffusers(s.Steps)
	default:
		samples := s.Steps * s.BatchSize
		instance, class = spread(samples, o.instance), spread(samples, o.class)
	}
	return Exposures{Steps: s.Steps, Instance: summary(instance), Class: summary(class)}
}

// summary counts the uses of a role's images.
func summary(uses []int) Uses {
	u := Uses{Given: len(uses)}
	for _, n := range uses {
		if n == 0 {
			continue
		}
		if u.Distinct == 0 || n < u.Min {
			u.Min = n
		}
		u.Max = max(u.Max, n)
		u.Distinct++
	}
	return u
}

// spread shares uses out evenly: which images get one more is not said.
func spread(uses, images int) []int {
	list := make([]int, images)
	for i := range list {
		list[i] = uses / images
		if i < uses%images {
			list[i]++
		}
	}
	return list
}

// order is what the order of a training's samples follows from.
type order struct {
	seed               int64
	instance, class    int // images
	batchSize, repeats int
	classRepeats       int
}

// kohya counts the uses of each image as sd-scripts' loader makes them. A
// sample is a number below the length of an epoch, the instance images' first.
func (o order) kohya(steps int) (instance, class []int) {
	ofInstance := o.instance * o.repeats
	ofClass := o.registered(ofInstance)
	length := ofInstance + len(ofClass)
	batches := (length + o.batchSize - 1) / o.batchSize
	instance, class = make([]int, o.instance), make([]int, o.class)
	use := func(sample, times int) {
		if sample < ofInstance {
			instance[sample%o.instance] += times
		} else {
			class[ofClass[sample-ofInstance]] += times
		}
	}
	epochs, rest := steps/batches, steps%batches
	for sample := range length {
		use(sample, epochs)
	}
	samples := permutation(o.seed, "order/samples", epochs, length)
	for _, batch := range permutation(o.seed, "order/batches", epochs, batches)[:rest] {
		first := batch * o.batchSize
		for _, sample := range samples[first:min(first+o.batchSize, length)] {
			use(sample, 1)
		}
	}
	return instance, class
}

// registered is the regularization image of each sample of an epoch that is one, of which there
// are at least as many as wanted.
func (o order) registered(wanted int) (images []int) {
	for i := 0; i < o.class && len(images) < wanted; i++ {
		images = append(images, slices.Repeat([]int{i}, o.classRepeats)...)
	}
	for i := 0; o.class > 0 && len(images) < wanted; i++ {
		images = append(images, i%o.class)
	}
	return images
}

// diffusers counts the uses of each image as diffusers' DreamBooth script makes
// them. A sample is the number of a pair.
func (o order) diffusers(steps int) (instance, class []int) {
	length := max(o.instance, o.class)
	batches := (length + o.batchSize - 1) / o.batchSize
	instance, class = make([]int, o.instance), make([]int, o.class)
	use := func(pair, times int) {
		instance[pair%o.instance] += times
		if o.class > 0 {
			class[pair%o.class] += times
		}
	}
	epochs, rest := steps/batches, steps%batches
	for pair := range length {
		use(pair, epochs)
	}
	pairs := permutation(o.seed, "order/pairs", epochs, length)
	for _, pair := range pairs[:min(rest*o.batchSize, length)] {
		use(pair, 1)
	}
	return instance, class
}

// permutation is the order of 0 … count-1 that randomness.permutation of the
// stages gives: sorted by the SHA-256 of "seed␟purpose␟index␟number".
func permutation(seed int64, purpose string, index, count int) []int {
	hashes := make([][sha256.Size]byte, count)
	numbers := make([]int, count)
	for i := range numbers {
		numbers[i] = i
		hashes[i] = sha256.Sum256(fmt.Appendf(nil, "%d\x1f%s\x1f%d\x1f%d", seed, purpose, index, i))
	}
	slices.SortFunc(numbers, func(a, b int) int { return bytes.Compare(hashes[a][:], hashes[b][:]) })
	return numbers
}
