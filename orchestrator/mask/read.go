package mask

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // to say what is wrong with one
	_ "image/png"
	"os"

	_ "golang.org/x/image/bmp" // masks are drawn and exported as BMP and TIFF too;
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp" // Go project, BSD
)

// largest is how many pixels a mask may have: as many as a photo (scripts/common/photos.py).
const largest = 1 << 29

// Read reads a mask: what is not zero shows the defect, in 8 bits or 16, grey or colour.
// What does not say clearly which pixels these are is an error that names the file.
func Read(path string) (*Mask, error) {
	decoded, err := decode(path)
	if err != nil {
		return nil, fmt.Errorf("mask %s %w", path, err)
	}
	bounds := decoded.Bounds()
	unclear := error(nil)
	lit := litOf(decoded)
	m := Of(bounds.Dx(), bounds.Dy(), func(x, y int) bool {
		yes, err := lit(bounds.Min.X+x, bounds.Min.Y+y)
		if err != nil && unclear == nil {
			unclear = err
		}
		return yes
	})
	if unclear != nil {
		return nil, fmt.Errorf("mask %s %w", path, unclear)
	}
	return m, nil
}

func decode(path string) (image.Image, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("cannot be opened: %w", err)
	}
	defer file.Close()
	config, kind, err := image.DecodeConfig(file)
	switch {
	case err != nil:
		return nil, fmt.Errorf("cannot be read (%w): save it as PNG, in grey with 8 bits", err)
	case kind == "jpeg" || kind == "webp":
		return nil, fmt.Errorf("is a %s, whose compression changes pixels at the edge of what is marked: save it as PNG", kind)
	case config.Width*config.Height > largest:
		return nil, fmt.Errorf("has %d×%d pixels, and at most %d are read", config.Width, config.Height, largest)
	}
	if err := single(file, kind); err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, 0); err != nil {
		return nil, err
	}
	decoded, _, err := image.Decode(file)
	if err != nil {
		return nil, fmt.Errorf("cannot be read (%w): save it as PNG, in grey with 8 bits", err)
	}
	return decoded, nil
}

// What leaves open which pixels are meant.
var (
	errTransparent = errors.New("is transparent in places, and nothing says whether these are marked: save it without an alpha channel")
	errPalette     = errors.New("has a palette in which what is marked is not what is not black: only number 0 may be black, and must be; save it as grey PNG")
)

// litOf says which pixels of a decoded mask are not zero.
func litOf(decoded image.Image) func(x, y int) (bool, error) {
	switch img := decoded.(type) {
	case *image.Gray:
		return func(x, y int) (bool, error) { return img.Pix[img.PixOffset(x, y)] != 0, nil }
	case *image.Paletted:
		return func(x, y int) (bool, error) {
			index := img.ColorIndexAt(x, y)
			lit, err := litColour(img.Palette[index])
			if err == nil && lit != (index != 0) {
				err = errPalette
			}
			return lit, err
		}
	}
	return func(x, y int) (bool, error) { return litColour(decoded.At(x, y)) }
}

// litColour reports whether a colour is another than black. Of a colour that is not
// opaque nothing can be said.
func litColour(c color.Color) (bool, error) {
	r, g, b, alpha := c.RGBA()
	if alpha != 0xffff {
		return false, errTransparent
	}
	return r|g|b != 0, nil
}
