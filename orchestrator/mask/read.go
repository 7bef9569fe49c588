package mask

import (
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"image/color"
	_ "image/jpeg" // to say what is wrong with one
	_ "image/png"
	"io"
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

// The tags of TIFF 6.0 and of EXIF, which is written as a TIFF, that are looked at.
const (
	tagSubfile     = 254 // bit 0: a page is another one in small
	tagOrientation = 274
)

// single makes sure that a file holds one picture and says of none that it lies otherwise
// than its pixels do: of a film and of pages all but the first would be lost in silence,
// and no programs agree on which masks they turn.
func single(file io.ReaderAt, kind string) error {
	pictures, what, orientation := 1, "pages", 1
	switch kind {
	case "png":
		pictures, orientation = inPNG(file)
		what = "frames"
	case "tiff":
		pictures, orientation = inTIFF(file)
	}
	switch {
	case pictures > 1:
		return fmt.Errorf("has %d %s, of which one would be read: save each as a file of its own, such as 000_1.png", pictures, what)
	case orientation > 1:
		return fmt.Errorf("is turned by its EXIF orientation, %d: save it upright, without EXIF", orientation)
	}
	return nil
}

// inPNG is how many frames a PNG has (APNG's acTL) and its EXIF orientation (eXIf).
func inPNG(file io.ReaderAt) (frames, orientation int) {
	frames, orientation = 1, 1
	var head [12]byte // length and type of a chunk, and its first bytes
	for at := int64(8); ; {
		if n, _ := file.ReadAt(head[:], at); n < len(head) {
			return frames, orientation
		}
		length := int64(binary.BigEndian.Uint32(head[:]))
		switch string(head[4:8]) {
		case "acTL":
			frames = int(binary.BigEndian.Uint32(head[8:]))
		case "eXIf":
			_, orientation = inTIFF(io.NewSectionReader(file, at+8, length))
		}
		at += 12 + length
	}
}

// inTIFF is how many pages a TIFF has, those aside that show others in small, and the
// orientation of the first.
func inTIFF(file io.ReaderAt) (pages, orientation int) {
	var order binary.ByteOrder = binary.LittleEndian
	orientation = 1
	var head [8]byte
	if n, _ := file.ReadAt(head[:], 0); n == len(head) && head[0] == 'M' {
		order = binary.BigEndian
	}
	const most = 100 // pages that are looked at: a list may bite its tail
	at := int64(order.Uint32(head[4:]))
	for range most {
		var count [2]byte
		if n, _ := file.ReadAt(count[:], at); at == 0 || n < len(count) {
			break
		}
		entries := make([]byte, 12*int(order.Uint16(count[:]))+4) // and where the next list is
		if n, _ := file.ReadAt(entries, at+2); n < len(entries)-4 {
			break
		}
		small := false
		for ; len(entries) > 4; entries = entries[12:] {
			switch order.Uint16(entries) {
			case tagSubfile:
				small = order.Uint32(entries[8:])&1 != 0
			case tagOrientation:
				if pages == 0 {
					orientation = int(order.Uint16(entries[8:]))
				}
			}
		}
		if !small {
			pages++
		}
		at = int64(order.Uint32(entries))
	}
	return pages, orientation
}
