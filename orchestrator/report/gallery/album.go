package gallery

import (
	"bytes"
	"encoding/base64"
	"html/template"
	"image"
	"image/color"
	"image/jpeg"
	"net/http"
	"os"
	"runtime"
	"slices"

	"golang.org/x/image/draw"    // resampling; Go project, BSD
	"golang.org/x/sync/errgroup" // bounded parallel reading; Go project, BSD

	"kizu/orchestrator/dataset"
)

const (
	inlineBytes   = 64 << 10 // files up to this size are inlined unchanged
	thumbnailJPEG = 88       // quality: no visible blocks in the texture of a surface
)

// browserFormats are the content types that every browser shows.
var browserFormats = []string{"image/png", "image/jpeg", "image/webp"}

// Album reads pictures for a page, each file once, as the stages read them.
type Album struct {
	side       int                        // pixels at most
	larger     *Album                     // that pictures are made of; nil for one that reads files
	photos     map[string]dataset.Picture // what is known of files, by path
	levels     dataset.Levels
	fit        string // how what is no square becomes one, as stages have it
	thumbnails map[shown]*thumbnail
}

// shown is what a tile is a thumbnail of.
type shown struct {
	path     string
	compared Comparison
}

// thumbnail is a picture small enough to be part of a page.
type thumbnail struct {
	uri   template.URL // data:…
	image image.Image  // square, at most the album's side
	err   error
}

// NewAlbum is an album of pictures at most so many pixels wide, some of them photos of
// a set. A fit, as stages have it, makes squares of them; "" takes those in their middle.
func NewAlbum(side int, set *dataset.Set, fit string) *Album {
	a := &Album{side: side, photos: map[string]dataset.Picture{}, levels: set.Levels, fit: fit, thumbnails: map[shown]*thumbnail{}}
	for _, img := range set.Images {
		a.photos[img.Path] = img.Picture
	}
	return a
}

// Smaller is an album of the same pictures at most so many pixels wide, which are made
// of this one's.
func (a *Album) Smaller(side int) *Album {
	return &Album{side: side, larger: a, thumbnails: map[shown]*thumbnail{}}
}

// Of returns the thumbnail of a tile.
func (a *Album) Of(t Tile) *thumbnail {
	a.prepare([]Tile{t})
	return a.thumbnails[t.shown()]
}

// prepare makes thumbnails that were not made yet, as many at a time as there are processors.
func (a *Album) prepare(tiles []Tile) {
	if a.larger != nil {
		a.larger.prepare(tiles)
	}
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for _, tile := range tiles {
		what := tile.shown()
		if a.thumbnails[what] != nil {
			continue
		}
		t := &thumbnail{}
		a.thumbnails[what] = t
		group.Go(func() error {
			t.uri, t.image, t.err = a.read(what)
			return nil
		})
	}
	_ = group.Wait()
}

// read reads a picture as the stages see it. A small square file that browsers know and
// show just so is inlined as it is.
func (a *Album) read(what shown) (template.URL, image.Image, error) {
	if a.larger != nil {
		return a.scale(a.larger.thumbnails[what])
	}
	path := what.path
	if what.compared != (Comparison{}) {
		drawn, err := a.compare(path, what.compared, a.side)
		if err != nil {
			return "", nil, err
		}
		return asJPEG(drawn)
	}
	file, err := os.ReadFile(path)
	if err != nil {
		return "", nil, err
	}
	known := a.photos[path]
	full, err := a.open(path)
	if err != nil {
		return "", nil, err
	}
	small, size := framed(full, a.fit, a.side), full.Bounds().Size()
	kind := http.DetectContentType(file)
	if size.X == size.Y && size.X <= a.side && len(file) <= inlineBytes && slices.Contains(browserFormats, kind) && known.Plain() {
		return dataURI(kind, file), small, nil
	}
	return asJPEG(small)
}

// open reads a picture in full, as the stages read it.
func (a *Album) open(path string) (image.Image, error) { return a.photos[path].Show(path, a.levels) }

// scale makes a thumbnail of a larger one, which is kept if it is small enough.
func (a *Album) scale(larger *thumbnail) (template.URL, image.Image, error) {
	if larger.err != nil || larger.image.Bounds().Dx() <= a.side {
		return larger.uri, larger.image, larger.err
	}
	return asJPEG(scaled(larger.image, larger.image.Bounds(), a.side))
}

func asJPEG(img image.Image) (template.URL, image.Image, error) {
	var encoded bytes.Buffer
	err := jpeg.Encode(&encoded, img, &jpeg.Options{Quality: thumbnailJPEG})
	return dataURI("image/jpeg", encoded.Bytes()), img, err
}

// dataURI writes a file as a URI that needs nothing else.
func dataURI(kind string, file []byte) template.URL {
	return template.URL("data:" + kind + ";base64," + base64.StdEncoding.EncodeToString(file))
}

// centralSquare is the largest square in the middle of a picture.
func centralSquare(bounds image.Rectangle) image.Rectangle {
	side := min(bounds.Dx(), bounds.Dy())
	corner := bounds.Min.Add(image.Pt((bounds.Dx()-side)/2, (bounds.Dy()-side)/2))
	return image.Rectangle{corner, corner.Add(image.Pt(side, side))}
}

// scaled draws a part of a picture as an opaque square of the given side.
func scaled(picture image.Image, part image.Rectangle, side int) *image.RGBA {
	square := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.Draw(square, square.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(square, square.Bounds(), picture, part, draw.Over, nil)
	return square
}
