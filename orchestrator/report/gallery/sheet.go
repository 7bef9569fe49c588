package gallery

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/image/draw"
)

// Sheet is a row of a gallery as one picture file, for Markdown and slides.
type Sheet struct {
	File  string
	Title string
	tiles []Tile
}

// Sheets lists a picture file for every row of every gallery that has pictures, of
// the first seed that is done.
func Sheets(galleries []Gallery) []Sheet {
	var list []Sheet
	known := map[string]bool{} // a series shows a pattern again
	for _, g := range galleries {
		for _, row := range g.Rows {
			i := slices.IndexFunc(row.Strips, func(s Strip) bool { return len(s.Tiles) > 0 })
			if i < 0 || known[row.Name] {
				continue
			}
			known[row.Name] = true
			file := fmt.Sprintf("%02d-%s.png", len(list)+1, Slug(row.Name))
			list = append(list, Sheet{file, row.Name, row.Strips[i].Tiles})
		}
	}
	return list
}

// Slug makes a file name of any text: lower-case ASCII letters and digits.
func Slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	name := strings.Join(words, "-")
	return strings.TrimRight(name[:min(len(name), 60)], "-")
}

const (
	sheetSide = 128 // pixels of a picture on a sheet
	sheetGap  = 4
)

// Write draws the pictures side by side; one that cannot be read stays grey.
func (s Sheet) Write(w io.Writer, pictures *Album) error {
	n := len(s.tiles)
	canvas := image.NewRGBA(image.Rect(0, 0, n*sheetSide+(n-1)*sheetGap, sheetSide))
	for i, t := range s.tiles {
		left := i * (sheetSide + sheetGap)
		place := image.Rect(left, 0, left+sheetSide, sheetSide)
		draw.Draw(canvas, place, image.NewUniform(color.Gray{0xcc}), image.Point{}, draw.Src)
		if picture := pictures.Of(t); picture.err == nil {
			draw.CatmullRom.Scale(canvas, place, picture.image, picture.image.Bounds(), draw.Src, nil)
		}
	}
	return png.Encode(w, canvas)
}
