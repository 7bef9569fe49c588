package dataset

import (
	"image"
	"slices"
	"sync"
)

// describes gives a set what its images are known again by. That is looked up when it is
// first asked for, since few plans need it and it is most of what is remembered; what is
// not remembered is read again.
func (s Scanner) describes(set *Set) {
	set.likeness = sync.OnceValue(func() map[string]string {
		known := map[string]string{}
		var paths, hashes []string
		for _, img := range set.Images {
			text := s.Memory.pictures().likenessOf(img, set.Levels)
			if known[img.SHA256] = text; text == "" && img.Picture.Pixels != "" {
				paths, hashes = append(paths, img.Path), append(hashes, img.SHA256)
			}
		}
		if len(paths) == 0 || s.Reader == nil {
			return known
		}
		// Of what cannot be read now nothing is found that looks like it: it is no test of photos.
		_ = s.Reader.Read(s.Memory.FileHashes().Context(), paths, set.Levels, func(n int, p Picture, err error) {
			if err == nil {
				known[hashes[n]] = p.Likeness
				s.Memory.pictures().learn(hashes[n], set.Levels, p)
			}
		})
		s.Memory.Save()
		return known
	})
}

// described are images with what they are known again by.
func (s *Set) described(images []Image) []Image {
	list := slices.Clone(images)
	for i := range list {
		if list[i].Picture.Likeness == "" && s.likeness != nil {
			list[i].Picture.Likeness = s.likeness()[list[i].SHA256]
		}
	}
	return list
}

// Structure is how much there is to see in parts of an image, one beside the other: the
// mean square of its descriptor there, which is small where a background is plain. It is
// nil if nothing is known of the image.
func (s *Set) Structure(img Image, parts []image.Rectangle) []float64 {
	d := descriptorOf(s.described([]Image{img})[0])
	if d == nil {
		return nil
	}
	list := make([]float64, len(parts))
	for i, part := range parts {
		left, right := part.Min.X*side/img.Picture.Width, ceiling(part.Max.X*side, img.Picture.Width)
		top, bottom := part.Min.Y*side/img.Picture.Height, ceiling(part.Max.Y*side, img.Picture.Height)
		for _, row := range d.values[top:bottom] {
			for _, v := range row[left:right] {
				list[i] += float64(v) * float64(v)
			}
		}
		list[i] /= float64((right - left) * (bottom - top))
	}
	return list
}

func ceiling(a, b int) int { return (a + b - 1) / b }
