package plan

import "kizu/orchestrator/dataset"

// drawing is a number of images that are asked for.
type drawing struct {
	n   int
	use string // what they are for
}

// first takes the first images of a drawing order. That there are so many was looked at
// before (shortages).
func (d drawing) first(images []dataset.Image, class string) ([]dataset.Image, error) {
	if len(images) < d.n {
		return nil, &dataset.ShortageError{Class: class, Have: len(images), Want: d.n, Use: d.use}
	}
	return images[:d.n], nil
}

// train takes the first images of a class that are not tested on.
func (b *builder) train(class string, d drawing) ([]dataset.Image, error) {
	return d.first(b.division.Train[class], class)
}

// goodFor lists the good images of a drawing order that show the same kind of
// part as a class: all of them, unless the class belongs to one variety.
func (b *builder) goodFor(class string, good []dataset.Image) []dataset.Image {
	return sameVariety(b.in.Set.Variety(class), good)
}

// sameVariety lists the images of a variety; "" stands for all.
func sameVariety(variety string, images []dataset.Image) []dataset.Image {
	if variety == "" {
		return images
	}
	var same []dataset.Image
	for _, img := range images {
		if img.Variety == variety {
			same = append(same, img)
		}
	}
	return same
}
