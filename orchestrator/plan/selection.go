package plan

import (
	"errors"

	"kizu/orchestrator/dataset"
)

// first takes the first n images of a drawing order.
func first(images []dataset.Image, n int, class, use string) ([]dataset.Image, error) {
	if len(images) < n {
		return nil, &dataset.ShortageError{Class: class, Have: len(images), Want: n, Use: use}
	}
	return images[:n], nil
}

// train takes the first n images of a class that are not tested on. Where test
// images would be next, the error names them.
func (b *builder) train(class string, n int, use string) ([]dataset.Image, error) {
	images, err := first(b.in.Division.Train[class], n, class, use)
	var shortage *dataset.ShortageError
	if errors.As(err, &shortage) {
		if pool := b.in.Division.Pool(class); len(pool) >= n {
			shortage.Tested = dataset.Names(pool[shortage.Have:n])
		}
	}
	return images, err
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
