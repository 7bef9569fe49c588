package dataset

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/bits"
)

// Picture is what a photo shows, as the stages read it (scripts/common/photos.py).
type Picture struct {
	Format      string `json:"format"`                // PNG, JPEG, BMP, TIFF or WEBP
	Compression string `json:"compression,omitempty"` // of a TIFF
	Mode        string `json:"mode"`                  // in Pillow's words: RGB, RGBA, L (grey), P (palette), CMYK; ;16 is for 16 bits
	Width       int    `json:"width"`                 // upright, in pixels
	Height      int    `json:"height"`
	Orientation int    `json:"orientation"`        // how the file has it, 1 to 8 as in EXIF
	Low         int    `json:"low,omitempty"`      // the extremes of 16-bit values
	High        int    `json:"high,omitempty"`     //
	Pixels      string `json:"pixels"`             // SHA-256 of size and RGB pixels, in hex: what the picture shows
	Likeness    string `json:"likeness,omitempty"` // descriptor in base64 by scripts/common/likeness.py; of a photo that was read before, Set.described has it
}

// deep reports whether levels map the picture.
func (p Picture) deep() bool { return len(p.Mode) >= 4 && p.Mode[:4] == "I;16" }

// coarse reports whether the upper half of each 16-bit value is all that is read.
func (p Picture) coarse() bool {
	return !p.deep() && len(p.Mode) > 3 && p.Mode[len(p.Mode)-3:] == ";16"
}

// Plain reports whether every program shows the picture as the stages read it. A
// file of which nothing is known is one that kizu wrote.
func (p Picture) Plain() bool {
	return p.Pixels == "" || p.Orientation <= 1 && (p.Mode == "RGB" || p.Mode == "L" || p.Mode == "1")
}

// Form is the size and the mode of a picture.
type Form struct {
	Width, Height int
	Mode          string
}

func (f Form) String() string { return fmt.Sprintf("%d×%d %s", f.Width, f.Height, f.Mode) }

func (p Picture) form() Form { return Form{p.Width, p.Height, p.Mode} }

// Levels are the 16-bit values of grey that become 0 and 255, those between them
// in one straight line. None stands for 0 and 65535.
type Levels []int

// levelsOf are the levels of photos that use so many bits.
func levelsOf(bitDepth int) Levels {
	if bitDepth == 0 || bitDepth == 16 {
		return nil
	}
	return Levels{0, 1<<bitDepth - 1}
}

// Range is which of the 16-bit values photos use.
type Range struct {
	Photos    int // with 16 bits
	Low, High int
}

func (r *Range) add(p Picture) {
	if r.Photos++; r.Photos == 1 {
		r.Low, r.High = p.Low, p.High
	}
	r.Low, r.High = min(r.Low, p.Low), max(r.High, p.High)
}

// darkBelow is the greatest value that a well-lit 16-bit photo surpasses: with
// one bit less in use it is half as bright as it could be.
const darkBelow = 1 << 15

// RangeNotes say what becomes of 16-bit photos; dark is what was probably not meant.
func (s *Set) RangeNotes() (notes []string, dark bool) {
	if r := s.Grey; r.Photos > 0 {
		used := fmt.Sprintf("16-bit values, %d to %d of 65535", r.Low, r.High)
		switch {
		case s.Levels != nil:
			used += fmt.Sprintf(": %d becomes black, %d white", s.Levels[0], s.Levels[1])
		case r.High < darkBelow:
			dark = true
			used += fmt.Sprintf(": %s; set dataset.bit_depth: %d or dataset.range: auto", darkness(r.High), max(8, bits.Len(uint(r.High))))
		}
		notes = append(notes, used)
	}
	if r := s.Colour; r.Photos > 0 {
		used := fmt.Sprintf("16 bits a colour, %d to %d of 65535, read by their upper 8 bits", r.Low, r.High)
		if r.High < darkBelow {
			dark = true
			used += fmt.Sprintf(": %s; save them with 8 bits a colour", darkness(r.High))
		}
		notes = append(notes, used)
	}
	return notes, dark
}

func darkness(high int) string {
	if high < darkBelow/4 {
		return "nearly black"
	}
	return "dark"
}

// measure finds what values the set's photos use.
func (s *Set) measure() {
	for _, img := range s.Images {
		switch {
		case img.Picture.deep():
			s.Grey.add(img.Picture)
		case img.Picture.coarse():
			s.Colour.add(img.Picture)
		}
	}
}

// In reports whether hashes hold the image's file or what it shows.
func (img Image) In(hashes map[string]bool) bool {
	return hashes[img.SHA256] || hashes[img.Picture.Pixels]
}

// shows tells images apart: those that show the same are the same photo,
// whatever their files are like.
func (img Image) shows() string {
	if img.Picture.Pixels != "" {
		return img.Picture.Pixels
	}
	return img.SHA256
}

// Sheet is pictures as networks see them, for people to look at: a request to
// scripts/common/contact_sheet.py.
type Sheet struct {
	Pictures   []SheetPicture `json:"pictures"` // MostOnSheet at most
	Resolution int            `json:"resolution"`
	Levels     Levels         `json:"levels,omitempty"`
	Fit        string         `json:"fit,omitempty"`
	Output     string         `json:"output"` // the PNG that is written, over what is there
}

// SheetPicture is a photo, or by its path a region of one, with its masks outlined, which are
// of the same region.
type SheetPicture struct {
	Path    string   `json:"path"`
	Label   string   `json:"label"`
	Masks   []string `json:"masks"`
	Heading string   `json:"heading"` // above it, and those after it that have the same
}

// MostOnSheet is how many pictures a sheet has at most.
const MostOnSheet = 60

// Draw writes a sheet's PNG.
func (p Python) Draw(ctx context.Context, sheet Sheet) error {
	process, err := p.start(ctx, "contact_sheet")
	if err != nil {
		return err
	}
	defer func() { _ = process.end() }()
	var answer struct {
		Error string `json:"error"`
	}
	if err := process.exchange(sheet, &answer); err != nil {
		_ = process.end() // and what it said is whole
		return cmp.Or(ctx.Err(), errors.New(lastLine(process.errors.String(), err)))
	}
	if answer.Error != "" {
		return errors.New(answer.Error)
	}
	return nil
}
