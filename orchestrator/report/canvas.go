package report

import (
	"fmt"
	"html/template"
	"image"
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// pageColour is a variable of the page's style, so that a chart is light, dark or
// printed as the page is.
type pageColour string

// RGBA implements color.Color for gonum, which only hands colours on.
func (pageColour) RGBA() (r, g, b, a uint32) { return 0, 0, 0, math.MaxUint16 }

const (
	ink    pageColour = "--ink"
	accent pageColour = "--accent"
	marked pageColour = "--base"
	muted  pageColour = "--muted" // what gonum draws by itself: axes and ticks
)

// pageCanvas is a canvas of gonum that draws an SVG element for the page. gonum's
// own, vgsvg, draws a file with fonts and colours of its own.
type pageCanvas struct {
	width, height vg.Length
	body          strings.Builder
	states        []canvasState
}

// canvasState is what Push keeps and Pop brings back.
type canvasState struct {
	line   vg.Length
	dashes []vg.Length
	colour pageColour
	open   int // elements that Pop ends
}

// newPageCanvas is an empty canvas; sizes are in points, of which the page makes
// as many pixels as it has room for.
func newPageCanvas(width, height float64) *pageCanvas {
	c := &pageCanvas{width: vg.Points(width), height: vg.Points(height), states: []canvasState{{}}}
	vg.Initialize(c)
	return c
}

// element is the SVG with a label for those who do not see it.
func (c *pageCanvas) element(label string) template.HTML {
	return template.HTML(fmt.Sprintf(`<svg role="img" aria-label="%s" viewBox="0 0 %s %s"><g transform="scale(1,-1) translate(0,-%s)">`+"\n%s</g></svg>\n",
		template.HTMLEscapeString(label), points(c.width), points(c.height), points(c.height), c.body.String()))
}

// points writes a length with as many digits as a screen can show.
func points(l vg.Length) string { return fmt.Sprintf("%.5g", l.Points()) }

func (c *pageCanvas) state() *canvasState { return &c.states[len(c.states)-1] }

// Size implements vg.CanvasSizer.
func (c *pageCanvas) Size() (x, y vg.Length) { return c.width, c.height }

// SetLineWidth implements vg.Canvas, as do the methods below.
func (c *pageCanvas) SetLineWidth(width vg.Length) { c.state().line = width }

// SetLineDash sets the lengths of dashes and gaps.
func (c *pageCanvas) SetLineDash(dashes []vg.Length, _ vg.Length) { c.state().dashes = dashes }

// SetColor sets the colour of what is drawn next.
func (c *pageCanvas) SetColor(colour color.Color) {
	c.state().colour = muted
	if of, ok := colour.(pageColour); ok {
		c.state().colour = of
	}
}

// Rotate turns what is drawn next, by an angle in radians.
func (c *pageCanvas) Rotate(angle float64) {
	c.group(fmt.Sprintf("rotate(%.5g)", angle*180/math.Pi))
}

// Translate moves what is drawn next.
func (c *pageCanvas) Translate(by vg.Point) {
	c.group(fmt.Sprintf("translate(%s,%s)", points(by.X), points(by.Y)))
}

// Scale stretches what is drawn next.
func (c *pageCanvas) Scale(x, y float64) { c.group(fmt.Sprintf("scale(%.5g,%.5g)", x, y)) }

func (c *pageCanvas) group(transform string) {
	fmt.Fprintf(&c.body, "<g transform=\"%s\">\n", transform)
	c.state().open++
}

// Push keeps the state.
func (c *pageCanvas) Push() {
	next := *c.state()
	next.open = 0
	c.states = append(c.states, next)
}

// Pop brings the state of the last Push back.
func (c *pageCanvas) Pop() {
	c.body.WriteString(strings.Repeat("</g>\n", c.state().open))
	c.states = c.states[:len(c.states)-1]
}

// Stroke draws a line along a path.
func (c *pageCanvas) Stroke(path vg.Path) {
	s := c.state()
	if s.line <= 0 {
		return
	}
	dashes := make([]string, len(s.dashes))
	for i, dash := range s.dashes {
		dashes[i] = points(dash)
	}
	style := fmt.Sprintf("fill:none;stroke:var(%s);stroke-width:%s", s.colour, points(s.line))
	if len(dashes) > 0 {
		style += ";stroke-dasharray:" + strings.Join(dashes, ",")
	}
	c.path(path, style)
}

// Fill fills a path.
func (c *pageCanvas) Fill(path vg.Path) { c.path(path, fmt.Sprintf("fill:var(%s)", c.state().colour)) }

func (c *pageCanvas) path(path vg.Path, style string) {
	var d strings.Builder
	for _, part := range path {
		switch part.Type {
		case vg.MoveComp:
			fmt.Fprintf(&d, "M%s,%s", points(part.Pos.X), points(part.Pos.Y))
		case vg.LineComp:
			fmt.Fprintf(&d, "L%s,%s", points(part.Pos.X), points(part.Pos.Y))
		case vg.ArcComp: // always a whole circle: a glyph
			r := points(part.Radius)
			fmt.Fprintf(&d, "M%s,%sa%s,%s 0 0 0 %s,0a%s,%s 0 0 0 -%s,0", points(part.Pos.X-part.Radius), points(part.Pos.Y), r, r, points(2*part.Radius), r, r, points(2*part.Radius))
		case vg.CurveComp:
			panic("no chart of the page has curves")
		case vg.CloseComp:
			d.WriteString("Z")
		}
	}
	fmt.Fprintf(&c.body, "<path d=\"%s\" style=\"%s\"/>\n", d.String(), style)
}

// FillString writes text, in the page's letters.
func (c *pageCanvas) FillString(face font.Face, at vg.Point, text string) {
	fmt.Fprintf(&c.body, "<text x=\"%s\" y=\"%s\" transform=\"scale(1,-1)\" style=\"font-size:%spx;fill:var(%s)\">%s</text>\n",
		points(at.X), points(-at.Y), points(face.Font.Size), c.state().colour, template.HTMLEscapeString(text))
}

// DrawImage implements vg.Canvas; no chart has an image.
func (c *pageCanvas) DrawImage(vg.Rectangle, image.Image) { panic("no chart of the page has images") }
