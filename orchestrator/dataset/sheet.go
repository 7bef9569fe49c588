package dataset

import (
	"cmp"
	"context"
	"errors"
)

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
