package serve

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"
)

// curve is the losses of a training as a chart.
type curve struct {
	Label       string
	Running     bool
	Axis        string // what is counted: step or epoch
	Steps       int
	Group       int     // how many neighbours each point is the mean of
	First, Last float64 // of the points
	Points      string  // of an SVG's polyline, in a box of curveWidth × curveHeight
}

const (
	curveWidth, curveHeight = 300, 90
	curvePoints             = 50 // at most: single losses of a diffusion model are noise
)

// newCurve draws the column loss of a table whose rows are steps; false if it has fewer
// than two.
func newCurve(label, table string) (c curve, ok bool) {
	rows := strings.Split(table, "\n")
	head := strings.Split(strings.TrimSpace(rows[0]), ",")
	column := slices.Index(head, "loss")
	var losses []float64
	for _, row := range rows[1:] {
		fields := strings.Split(row, ",")
		if len(fields) != len(head) || column < 0 {
			continue
		}
		if loss, err := strconv.ParseFloat(fields[column], 64); err == nil && !math.IsNaN(loss) && !math.IsInf(loss, 0) {
			losses = append(losses, loss)
		}
	}
	if len(losses) < 2 {
		return curve{}, false
	}
	c = curve{Label: label, Axis: head[0], Steps: len(losses), Group: (len(losses) + curvePoints - 1) / curvePoints}
	var means []float64
	for group := range slices.Chunk(losses, c.Group) {
		means = append(means, stat.Mean(group, nil))
	}
	least, most := slices.Min(means), slices.Max(means)
	c.First, c.Last = means[0], means[len(means)-1]
	for i, mean := range means {
		c.Points += fmt.Sprintf("%.1f,%.1f ", curveWidth*float64(i)/float64(len(means)-1), curveHeight*(most-mean)/max(most-least, math.SmallestNonzeroFloat64))
	}
	return c, true
}
