package table

import (
	"fmt"
	"strings"

	"github.com/fatih/color" // SGR sequences of terminals; MIT
)

// Screen is where a table is printed.
type Screen struct {
	Width  int  // columns
	Colour bool // whether it takes SGR sequences; without, a table is plain text
}

// style writes text in one way, in as many columns as in any other.
type style func(text ...any) string

// styles are the few of tables: headings and what is claimed stand out, what is
// unfinished is coloured, what says little steps back.
type styles struct{ plain, heading, claim, failed, missing, quiet style }

func (s Screen) styles() styles {
	of := func(attributes ...color.Attribute) style {
		c := color.New(attributes...)
		if s.Colour {
			c.EnableColor()
		} else {
			c.DisableColor()
		}
		return c.Sprint
	}
	return styles{
		plain: fmt.Sprint, heading: of(color.Bold), claim: of(color.Bold),
		failed: of(color.FgRed), missing: of(color.FgYellow), quiet: of(color.Faint),
	}
}

// field chooses the style of a field of a row; names keep that of the row.
func (s styles) field(text string, column int, row style) style {
	switch {
	case column == 0:
	case text == Failed:
		return s.failed
	case text == Missing:
		return s.missing
	case text == None:
		return s.quiet
	}
	return row
}

// Unfinished writes a line about what is failed or missing.
func (s Screen) Unfinished(line string) string {
	if strings.HasPrefix(line, Failed) {
		return s.styles().failed(line)
	}
	return s.styles().missing(line)
}

// Paragraph writes a sentence in lines as wide as the screen; the one that all is about
// stands out.
func (s Screen) Paragraph(out *strings.Builder, text string, standsOut bool) {
	write := s.styles().plain
	if standsOut {
		write = s.styles().heading
	}
	for _, line := range Wrap(text, s.Width) {
		out.WriteString(write(line) + "\n")
	}
}
