package report

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/image/draw"
)

// sheet is a row of a gallery as one picture file, for Markdown and slides.
type sheet struct {
	file  string
	title string
	tiles []tile
}

// sheets lists a picture file for every row of every gallery that has
// pictures, of the first seed that is done.
func (r *Report) sheets() []sheet {
	galleries := r.patternGalleries()
	if samples, ok := r.sampleGallery(); ok {
		galleries = append(galleries, samples)
	}
	var list []sheet
	known := map[string]bool{} // a series shows a pattern again
	for _, g := range galleries {
		for _, row := range g.rows {
			i := slices.IndexFunc(row.strips, func(s strip) bool { return len(s.tiles) > 0 })
			if i < 0 || known[row.name] {
				continue
			}
			known[row.name] = true
			file := fmt.Sprintf("%02d-%s.png", len(list)+1, slug(row.name))
			list = append(list, sheet{file, row.name, row.strips[i].tiles})
		}
	}
	return list
}

// slug makes a file name of any text: lower-case ASCII letters and digits.
func slug(text string) string {
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

// write draws the pictures side by side; one that cannot be read stays grey.
func (s sheet) write(w io.Writer, pictures *album) error {
	n := len(s.tiles)
	canvas := image.NewRGBA(image.Rect(0, 0, n*sheetSide+(n-1)*sheetGap, sheetSide))
	for i, t := range s.tiles {
		left := i * (sheetSide + sheetGap)
		place := image.Rect(left, 0, left+sheetSide, sheetSide)
		draw.Draw(canvas, place, image.NewUniform(color.Gray{0xcc}), image.Point{}, draw.Src)
		if picture := pictures.of(t.path); picture.err == nil {
			draw.CatmullRom.Scale(canvas, place, picture.image, picture.image.Bounds(), draw.Src, nil)
		}
	}
	return png.Encode(w, canvas)
}

// writeSheets fills the gallery folder and removes what an earlier report left
// there.
func (r *Report) writeSheets(dir string, pictures *album) error {
	current := map[string]bool{}
	for _, s := range r.sheets() {
		current[s.file] = true
		err := replace(filepath.Join(dir, s.file), func(w io.Writer) error { return s.write(w, pictures) })
		if err != nil {
			return err
		}
	}
	old, err := filepath.Glob(filepath.Join(dir, "[0-9]*.png"))
	if err != nil {
		return err
	}
	for _, path := range old {
		if !current[filepath.Base(path)] {
			if err := os.Remove(path); err != nil {
				return err
			}
		}
	}
	return nil
}
