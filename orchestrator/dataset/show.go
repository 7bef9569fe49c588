package dataset

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/jpeg" // the formats that Pillow and the standard library share
	_ "image/png"
	"io"
	"slices"

	_ "golang.org/x/image/bmp"  // inspection cameras write BMP and TIFF;
	_ "golang.org/x/image/tiff" // Go project, BSD
	_ "golang.org/x/image/webp"

	"kizu/orchestrator/filehash"
)

// showable makes sure that pages can show a photo as it was read. The commonest
// formats say in their first bytes whether they are of a kind that Go reads, and
// need not be decoded a second time.
func showable(path string, p Picture, levels Levels) error {
	var err error
	switch p.Format {
	case "PNG", "JPEG":
		err = decode(path, func(file io.Reader) error {
			_, _, err := image.DecodeConfig(file)
			return err
		})
	default:
		var shown *image.RGBA
		shown, err = p.Show(path, levels)
		// Where nothing is lost the pixels are equal; a WebP may be lossy.
		if err == nil && p.Format != "WEBP" && pixelsOf(shown) != p.Pixels {
			err = errors.New("it would be shown otherwise than stages read it")
		}
	}
	if err == nil {
		return nil
	}
	kind := p.Mode + " " + p.Format
	if p.Compression != "" && p.Compression != "raw" {
		kind += " with " + p.Compression + " compression"
	}
	return fmt.Errorf("image %s is a file of a kind that pages cannot show, %s (%w): save it as PNG", path, kind, err)
}

// pixelsOf is the identity of a picture's pixels by the rule of scripts/common/photos.py.
func pixelsOf(img *image.RGBA) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%dx%d\n", img.Rect.Dx(), img.Rect.Dy())
	row := make([]byte, 0, 3*img.Rect.Dx())
	for y := range img.Rect.Dy() {
		row = row[:0]
		for x := range img.Rect.Dx() {
			row = append(row, img.Pix[img.PixOffset(x, y):][:3]...)
		}
		sum.Write(row)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// decode opens a file for a decoder.
func decode(path string, with func(io.Reader) error) error {
	file, err := filehash.OpenFile(path)
	if err != nil {
		return err
	}
	defer file.Close()
	return with(file)
}

// Show decodes a photo for people as the stages read it: in opaque 8-bit RGB, upright, 16-bit grey
// mapped by levels. A picture of which nothing is known is taken for upright.
func (p Picture) Show(path string, levels Levels) (*image.RGBA, error) {
	var decoded image.Image
	err := decode(path, func(file io.Reader) (err error) {
		decoded, _, err = image.Decode(file)
		return err
	})
	if err != nil {
		return nil, err
	}
	return turned(opaque(decoded, p.deep(), levels), p.Orientation), nil
}

// opaque is a decoded picture in 8-bit RGB, without its alpha channel: the
// colour below it is what counts.
func opaque(from image.Image, deep bool, levels Levels) *image.RGBA {
	bounds := from.Bounds()
	to := image.NewRGBA(image.Rect(0, 0, bounds.Dx(), bounds.Dy()))
	at := colours(from, deep, levels)
	if at == nil { // it has no alpha, and a way to be drawn that is fast
		draw.Draw(to, to.Bounds(), from, bounds.Min, draw.Src)
		return to
	}
	i := 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			to.Pix[i], to.Pix[i+1], to.Pix[i+2] = at(x, y)
			to.Pix[i+3] = 0xff
			i += 4
		}
	}
	return to
}

// colours gives the colour of a pixel as the stages read it; nil for a picture
// whose pixels need no such care.
func colours(from image.Image, deep bool, levels Levels) func(x, y int) (r, g, b uint8) {
	switch img := from.(type) {
	case *image.Gray16:
		table := grey(levels)
		return func(x, y int) (r, g, b uint8) {
			v := table[img.Gray16At(x, y).Y]
			return v, v, v
		}
	case *image.NRGBA:
		return func(x, y int) (r, g, b uint8) {
			c := img.NRGBAAt(x, y)
			return c.R, c.G, c.B
		}
	case *image.NRGBA64: // grey with one value that is transparent, or colours by their upper halves
		table := grey(levels)
		return func(x, y int) (r, g, b uint8) {
			c := img.NRGBA64At(x, y)
			if deep {
				return table[c.R], table[c.R], table[c.R]
			}
			return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
		}
	case *image.RGBA64, *image.RGBA, *image.Paletted:
		if plain, ok := img.(*image.RGBA); ok && plain.Opaque() {
			return nil
		}
		return func(x, y int) (r, g, b uint8) {
			c := color.NRGBA64Model.Convert(img.At(x, y)).(color.NRGBA64)
			if entry, ok := img.At(x, y).(color.NRGBA); ok { // of a palette, transparent ones among them
				return entry.R, entry.G, entry.B
			}
			return uint8(c.R >> 8), uint8(c.G >> 8), uint8(c.B >> 8)
		}
	case *image.NYCbCrA:
		return func(x, y int) (r, g, b uint8) {
			c := img.YCbCrAt(x, y)
			return color.YCbCrToRGB(c.Y, c.Cb, c.Cr)
		}
	}
	return nil
}

// grey is the 8-bit value of every 16-bit one, computed as scripts/common/photos.py does.
func grey(levels Levels) *[1 << 16]uint8 {
	low, high := 0, 1<<16-1
	if levels != nil {
		low, high = levels[0], levels[1]
	}
	span := max(high-low, 1)
	var table [1 << 16]uint8
	for v := range table {
		table[v] = uint8((2*255*min(max(v-low, 0), span) + span) / (2 * span))
	}
	return &table
}

// turned is a picture upright that a file has in one of EXIF's eight ways (tag
// Orientation of CIPA DC-008).
func turned(from *image.RGBA, orientation int) *image.RGBA {
	if orientation < 2 || orientation > 8 {
		return from
	}
	w, h := from.Rect.Dx(), from.Rect.Dy()
	to := image.NewRGBA(image.Rect(0, 0, w, h))
	if orientation > 4 {
		to = image.NewRGBA(image.Rect(0, 0, h, w))
	}
	mirrored := slices.Contains([]int{2, 3, 7, 8}, orientation)
	upsideDown := slices.Contains([]int{3, 4, 6, 7}, orientation)
	for y := range to.Rect.Dy() {
		for x := range to.Rect.Dx() {
			fromX, fromY := x, y
			if orientation > 4 {
				fromX, fromY = y, x
			}
			if mirrored {
				fromX = w - 1 - fromX
			}
			if upsideDown {
				fromY = h - 1 - fromY
			}
			copy(to.Pix[to.PixOffset(x, y):][:4], from.Pix[from.PixOffset(fromX, fromY):])
		}
	}
	return to
}
