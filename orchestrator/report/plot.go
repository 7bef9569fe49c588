package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"regexp"
	"strings"

	"gonum.org/v1/plot"         // draws charts; Gonum project, BSD
	"gonum.org/v1/plot/font"    // sizes of text
	"gonum.org/v1/plot/plotter" // lines, points and error bars
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Colours that svg replaces by variables of the page's style, so that a chart is light, dark or
// printed as the page is.
var (
	ink    = color.RGBA{R: 1, A: 255}
	accent = color.RGBA{R: 2, A: 255}
	marked = color.RGBA{R: 3, A: 255}
	muted  = color.RGBA{R: 4, A: 255}

	pageColours = strings.NewReplacer("#010000", "var(--ink)", "#020000", "var(--accent)", "#030000", "var(--base)", "#040000", "var(--muted)")
	ownFont     = regexp.MustCompile(`font-family:[^"]*?font-style:[^;"]*;`) // of gonum, in place of which the page has its own
)

// plotView is a chart on the page.
type plotView struct {
	Label, Detail string // what the chart shows, in words
	SVG           template.HTML
	Wide          bool
}

// point is one mean with its seeds, or with an interval.
type point struct {
	x, y      float64
	low, high float64 // as far as y where there is no interval
	seeds     []float64
}

// newPlot is an empty chart with a horizontal axis named x.
func newPlot(x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Label.TextStyle.Font.Variant, axis.Tick.Label.Font.Variant = "Sans", "Sans"
		axis.Label.TextStyle.Font.Size, axis.Tick.Label.Font.Size = font.Points(10), font.Points(9)
		axis.Tick.LineStyle.Color, axis.LineStyle.Color = muted, muted
		axis.Label.TextStyle.Color, axis.Tick.Label.Color = muted, muted
	}
	return p
}

// line draws means joined by a line, their intervals and the single seeds.
func line(p *plot.Plot, points []point) error {
	var means, seeds plotter.XYs
	var spread plotter.YErrors
	for _, pt := range points {
		means = append(means, plotter.XY{X: pt.x, Y: pt.y})
		spread = append(spread, struct{ Low, High float64 }{pt.y - pt.low, pt.high - pt.y})
		for _, y := range pt.seeds {
			seeds = append(seeds, plotter.XY{X: pt.x, Y: y})
		}
	}
	joined, dots, err := plotter.NewLinePoints(means)
	if err != nil {
		return err
	}
	joined.Width, joined.Color = vg.Points(1.5), accent
	dots.Shape, dots.Radius, dots.Color = draw.CircleGlyph{}, vg.Points(3.5), accent
	bars, err := plotter.NewYErrorBars(struct {
		plotter.XYer
		plotter.YErrorer
	}{means, spread})
	if err != nil {
		return err
	}
	bars.Color, bars.Width = ink, vg.Points(1)
	p.Add(bars, joined, dots)
	return scatter(p, seeds, ink, 1.6)
}

// scatter draws small dots.
func scatter(p *plot.Plot, at plotter.XYs, colour color.Color, radius float64) error {
	if len(at) == 0 {
		return nil
	}
	dots, err := plotter.NewScatter(at)
	if err != nil {
		return err
	}
	dots.Shape, dots.Radius, dots.Color = draw.CircleGlyph{}, vg.Points(radius), colour
	p.Add(dots)
	return nil
}

// rule draws a dashed line from one point to another.
func rule(p *plot.Plot, from, to plotter.XY) error {
	dashes, err := plotter.NewLine(plotter.XYs{from, to})
	if err != nil {
		return err
	}
	dashes.Color, dashes.Width, dashes.Dashes = marked, vg.Points(1.2), []vg.Length{vg.Points(5), vg.Points(4)}
	p.Add(dashes)
	return nil
}

// svg writes a chart as part of a page: in its colours and letters, as wide as there is room.
func svg(p *plot.Plot, width, height float64, label string) template.HTML {
	canvas := vgsvg.New(vg.Points(width), vg.Points(height))
	const margin = 14 // for labels that reach beyond the axis
	p.Draw(draw.Crop(draw.New(canvas), 0, -vg.Points(margin), 0, 0))
	var file bytes.Buffer
	_, _ = canvas.WriteTo(&file) // a buffer takes everything
	_, drawing, _ := strings.Cut(file.String(), "xlink\">\n")
	return template.HTML(fmt.Sprintf(`<svg role="img" aria-label="%s" viewBox="0 0 %g %g">`, template.HTMLEscapeString(label), width, height) +
		pageColours.Replace(ownFont.ReplaceAllString(drawing, "")))
}
