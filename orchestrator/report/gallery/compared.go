package gallery

import (
	"fmt"
	"image"
	"image/color"
	"strings"

	"golang.org/x/image/draw"
)

// Comparison makes a tile of a generated image and the photo that it was made from.
type Comparison struct {
	Show   string          // Source, Outlined or Difference
	Photo  string          // the photo's file
	Region image.Rectangle // of the photo, that the image was made from; empty for all
	Mask   string          // file of what may differ, of the image's size; "" for all
}

// What a comparison shows.
const (
	Source     = "source"     // the photo, as the method saw it
	Outlined   = "outlined"   // the photo, with the mask's outline
	Difference = "difference" // what the image adds to the photo and takes from it, on grey
)

// outline is a colour that parts of metal, wood and silicon do not have.
var outline = color.RGBA{255, 0, 160, 255}

// amplified is the factor of differences as they are shown: of 32 of 255 and more, all.
const amplified = 4

// compare draws what a comparison shows, as a square of at most side pixels.
func (a *Album) compare(path string, c Comparison, side int) (image.Image, error) {
	photo, err := a.open(c.Photo)
	if err != nil {
		return nil, err
	}
	if !c.Region.Empty() {
		photo = within(photo, c.Region.Add(photo.Bounds().Min))
	}
	if c.Show == Source {
		return framed(photo, a.fit, side), nil
	}
	other := path
	if c.Show == Outlined {
		other = c.Mask
	}
	made, err := a.open(other)
	if err != nil {
		return nil, err
	}
	below, above := framed(photo, a.fit, side), framed(made, a.fit, side)
	if below.Bounds() != above.Bounds() { // the image is smaller than the photo, or larger
		side = min(below.Bounds().Dx(), above.Bounds().Dx())
		below, above = framed(photo, a.fit, side), framed(made, a.fit, side)
	}
	if c.Show == Outlined {
		return outlined(below, above), nil
	}
	return difference(below, above), nil
}

// framed is what networks see of a picture, which the fit makes a square of at most side pixels.
func framed(picture image.Image, fit string, side int) *image.RGBA {
	bounds := picture.Bounds()
	longer := max(bounds.Dx(), bounds.Dy())
	switch how, colour, _ := strings.Cut(fit, " "); how {
	case "stretch":
		return scaled(picture, bounds, min(longer, side))
	case "pad":
		return padded(picture, colour, min(longer, side))
	}
	square := centralSquare(bounds)
	return scaled(picture, square, min(square.Dx(), side))
}

// padded is all of a picture in the middle of a square, beside it a colour, or its edges.
func padded(picture image.Image, colour string, side int) *image.RGBA {
	size := picture.Bounds().Size()
	longer := max(size.X, size.Y)
	width, height := max(1, size.X*side/longer), max(1, size.Y*side/longer)
	small, square := image.NewRGBA(image.Rect(0, 0, width, height)), image.NewRGBA(image.Rect(0, 0, side, side))
	draw.CatmullRom.Scale(small, small.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	left, top := (side-width)/2, (side-height)/2
	for y := range side {
		for x := range side {
			square.Set(x, y, small.At(min(max(x-left, 0), width-1), min(max(y-top, 0), height-1)))
		}
	}
	beside := color.RGBA{A: 255}
	if n, _ := fmt.Sscanf(colour, "#%02x%02x%02x", &beside.R, &beside.G, &beside.B); n < 3 {
		return square
	}
	draw.Draw(square, square.Bounds(), image.NewUniform(beside), image.Point{}, draw.Src)
	draw.Draw(square, small.Bounds().Add(image.Pt(left, top)), small, image.Point{}, draw.Src)
	return square
}

// outlined draws the edge of what a mask shows, two pixels wide, on a photo of its size.
func outlined(photo, mask *image.RGBA) *image.RGBA {
	inside := func(x, y int) bool { return mask.RGBAAt(x, y).R >= 128 }
	size := photo.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			if inside(x, y) && !(inside(x-2, y) && inside(x+2, y) && inside(x, y-2) && inside(x, y+2)) {
				photo.SetRGBA(x, y, outline)
			}
		}
	}
	return photo
}

// difference is grey where two pictures are equal.
func difference(photo, made *image.RGBA) *image.RGBA {
	for i := range photo.Pix {
		if i%4 != 3 {
			photo.Pix[i] = uint8(min(max(128+amplified*(int(made.Pix[i])-int(photo.Pix[i])), 0), 255))
		}
	}
	return photo
}

// within is a part of a picture.
func within(picture image.Image, part image.Rectangle) image.Image {
	cut := image.NewRGBA(image.Rectangle{Max: part.Size()})
	draw.Draw(cut, cut.Bounds(), picture, part.Min, draw.Src)
	return cut
}
