// Package gallery shows rows of pictures: on a page, with their thumbnails in it, and
// as picture files for Markdown and slides.
package gallery

import (
	"fmt"
	"html/template"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/image/draw"
)

// Gallery is rows of pictures with what they are.
type Gallery struct {
	Heading string
	Text    string
	Rows    []Row
}

// Row is one row of a gallery: real photos, a pattern or a class.
type Row struct {
	Name   string  // among all rows of the report
	Title  string  // in its gallery
	Detail string  // steps, loss, counts
	Strips []Strip // one a seed; a single one for real photos
}

// Strip is the first pictures of one task, none picked.
type Strip struct {
	Seed   int64
	State  string // done, failed or missing
	Reason string // why it failed
	Tiles  []Tile
}

// Tile is one picture.
type Tile struct {
	Path     string
	Title    string     // what it shows, its source and seed
	Flag     string     // blank, saturated or NaN, or a method's remark
	Compared Comparison // what is drawn of the picture and its photo; none for the picture itself
}

func (t Tile) shown() shown { return shown{t.Path, t.Compared} }

// Done is the state of a strip whose task is done.
const Done = "done"

// View is a gallery on the page.
type View struct {
	Heading, Text string
	Rows          []RowView
}

// RowView is a row of it.
type RowView struct {
	Title, Detail string
	First         StripView
	More          []StripView // of further seeds
	Pair          []StripView // instead: strips that belong together
}

// StripView is a strip of it, with its pictures.
type StripView struct {
	Seed     int64
	ShowSeed bool
	State    string
	Done     bool
	Reason   string
	Tiles    []TileView
}

// TileView is a picture of it.
type TileView struct {
	URI         template.URL
	Title, Flag string
	Broken      bool
}

// Pairs is the view of a gallery whose strips belong together, one above the other.
func (g Gallery) Pairs(pictures *Album) *View {
	return g.arranged(pictures, func(row *RowView, strips []StripView) { row.Pair = strips })
}

// View is the view of a gallery with a strip for each seed, of which the page shows the
// first at once; nil for one without rows, as Pairs.
func (g Gallery) View(pictures *Album) *View {
	return g.arranged(pictures, func(row *RowView, strips []StripView) {
		for i := range strips {
			strips[i].ShowSeed = len(strips) > 1
		}
		row.First, row.More = strips[0], strips[1:]
	})
}

// arranged reads the pictures of a gallery, and has those of each row put into its view.
func (g Gallery) arranged(pictures *Album, put func(*RowView, []StripView)) *View {
	if len(g.Rows) == 0 {
		return nil
	}
	pictures.prepare(g.tiles())
	view := &View{Heading: g.Heading, Text: g.Text}
	for _, row := range g.Rows {
		added, strips := RowView{Title: row.Title, Detail: row.Detail}, make([]StripView, len(row.Strips))
		for i, s := range row.Strips {
			strips[i] = s.view(pictures)
		}
		if len(strips) > 0 {
			put(&added, strips)
		}
		view.Rows = append(view.Rows, added)
	}
	return view
}

func (s Strip) view(pictures *Album) StripView {
	view := StripView{Seed: s.Seed, State: s.State, Done: s.State == Done, Reason: firstLine(s.Reason)}
	for _, t := range s.Tiles {
		thumbnail := pictures.Of(t)
		next := TileView{URI: thumbnail.uri, Title: t.Title, Flag: t.Flag}
		if thumbnail.err != nil {
			next.Broken, next.Title = true, t.Title+" cannot be read"
		}
		view.Tiles = append(view.Tiles, next)
	}
	return view
}

// tiles are those of all strips.
func (g Gallery) tiles() (tiles []Tile) {
	for _, row := range g.Rows {
		for _, s := range row.Strips {
			tiles = append(tiles, s.Tiles...)
		}
	}
	return tiles
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

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
