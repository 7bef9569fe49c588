package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/dustin/go-humanize/english"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/result"
)

// qualityPlots are the charts of study 1: how distances depend on the number of
// regularization images and of steps, and how they are distributed.
func (r *Report) qualityPlots() ([]plotView, error) {
	var views []plotView
	for _, series := range []struct {
		axis  string
		value func(*experiment.Recipe) *int
	}{
		{"regularization images", func(p *experiment.Recipe) *int { return &p.RegularizationImages }},
		{stepsAxis, func(p *experiment.Recipe) *int { return &p.Steps }},
	} {
		for _, members := range r.seriesOf(series.value) {
			added, err := r.seriesPlots(series.axis, members, series.value)
			if err != nil {
				return nil, err
			}
			views = append(views, added...)
		}
	}
	spread, ok, err := r.distancePlot()
	if ok {
		views = append(views, spread)
	}
	return views, err
}

const stepsAxis = "training steps"

// seriesOf lists the measured patterns that differ in one number only, where
// there are at least two of them, by that number.
func (r *Report) seriesOf(value func(*experiment.Recipe) *int) [][]*pattern {
	groups := map[string][]*pattern{} // by all of their recipe but the number
	var order []string
	for _, p := range r.patterns {
		if !p.recipe.Trains() || p.quality() == nil {
			continue
		}
		recipe := p.recipe.Recipe
		*value(&recipe) = 0
		rest := fmt.Sprintf("%+v", recipe)
		if groups[rest] == nil {
			order = append(order, rest)
		}
		groups[rest] = append(groups[rest], p)
	}
	var list [][]*pattern
	for _, rest := range order {
		members := groups[rest]
		slices.SortFunc(members, func(a, b *pattern) int { return cmp.Compare(*value(&a.recipe.Recipe), *value(&b.recipe.Recipe)) })
		if len(members) > 1 {
			list = append(list, members)
		}
	}
	return list
}

// seriesPlots draws the distance to training photos and KID along a series.
func (r *Report) seriesPlots(axis string, members []*pattern, value func(*experiment.Recipe) *int) ([]plotView, error) {
	distances, kids := newPlot(axis, "distance"), newPlot(axis, "KID")
	var near, kernel []point
	for _, p := range members {
		q, x := p.quality(), float64(*value(&p.recipe.Recipe))
		near = append(near, point{x: x, y: q.toTraining.Mean, low: q.toTraining.Mean, high: q.toTraining.Mean, seeds: p.seedDistances()})
		if q.hasKID {
			kernel = append(kernel, point{x: x, y: q.kid.Mean, low: q.kid.Interval.Low, high: q.kid.Interval.High})
		}
	}
	last := near[len(near)-1].x
	if reference := meanDistance(r.photoLooks().reference()); reference > 0 {
		if err := rule(distances, plotter.XY{X: near[0].x, Y: reference}, plotter.XY{X: last, Y: reference}); err != nil {
			return nil, err
		}
		distances.Y.Min = min(distances.Y.Min, 0)
	}
	detail := seriesDetail(axis, members[0].recipe.Recipe)
	var views []plotView
	for _, chart := range []struct {
		plot   *plot.Plot
		points []point
		label  string
	}{
		{distances, near, "Distance to the nearest training photo by " + axis + "; dashed: autoencoded photos that trained nothing"},
		{kids, kernel, "KID, with its 95 % interval, by " + axis},
	} {
		if len(chart.points) < 2 {
			continue
		}
		if err := line(chart.plot, chart.points); err != nil {
			return nil, err
		}
		chart.plot.X.Tick.Marker = valuesAsTicks(chart.points)
		drawn := svg(chart.plot, 330, 220, chart.label+": "+detail)
		views = append(views, plotView{chart.label, detail, drawn, false})
	}
	return views, nil
}

// seriesDetail says what a series has in common.
func seriesDetail(axis string, p experiment.Recipe) string {
	other := english.Plural(p.Steps, "step", "")
	if axis == stepsAxis {
		other = english.Plural(p.RegularizationImages, "regularization image", "")
	}
	return english.Plural(p.DefectImages, "defect image", "") + " and " + other
}

// valuesAsTicks labels the values that were tried and no others.
func valuesAsTicks(points []point) plot.ConstantTicks {
	var ticks plot.ConstantTicks
	for _, p := range points {
		ticks = append(ticks, plot.Tick{Value: p.x, Label: fmt.Sprint(p.x)})
	}
	return ticks
}

// seedDistances is the mean distance to training photos of every seed, where there are several.
func (p *pattern) seedDistances() []float64 {
	var list []float64
	for _, run := range p.runs {
		if run.quality.state == done {
			list = append(list, meanDistance(run.quality.nearest))
		}
	}
	if len(list) < 2 {
		return nil
	}
	return list
}

// distancePlot shows every image's distance, pixel by pixel, to the training photo that it is most
// like, a row of dots for each pattern, and autoencoded photos that trained nothing in the first.
func (r *Report) distancePlot() (plotView, bool, error) {
	photos := r.photoLooks()
	if photos == nil || len(photos.training) == 0 || len(photos.copies.Honest) == 0 {
		return plotView{}, false, nil
	}
	p := newPlot("distance, pixel by pixel", "")
	var names []string
	var dots plotter.XYs
	add := func(name string, neighbours []result.Neighbour) {
		for _, n := range neighbours {
			if n.Index < 0 {
				continue
			}
			dots = append(dots, plotter.XY{X: n.Distance, Y: -float64(len(names))})
		}
		names = append(names, name)
	}
	add("photos, autoencoded", photos.copies.Honest)
	for _, pattern := range r.patterns {
		var all []result.Neighbour
		for _, run := range pattern.runs {
			all = append(all, run.quality.alike...)
		}
		if len(all) > 0 {
			add(pattern.name, all)
		}
	}
	last := -float64(len(names) - 1)
	label := "Distance of every image, pixel by pixel, to the training photo that it is most like"
	if threshold := photos.copies.Threshold; photos.copies.Works() {
		label += "; left of the dashes it is taken for a copy"
		if err := rule(p, plotter.XY{X: threshold, Y: 0.5}, plotter.XY{X: threshold, Y: last - 0.5}); err != nil {
			return plotView{}, false, err
		}
	}
	if err := scatter(p, dots, accent, 2.2); err != nil {
		return plotView{}, false, err
	}
	var ticks plot.ConstantTicks
	for i, name := range names {
		ticks = append(ticks, plot.Tick{Value: -float64(i), Label: name})
	}
	p.Y.Tick.Marker, p.Y.Tick.Length = ticks, 0
	p.X.Min = math.Min(0, p.X.Min)
	drawn := svg(p, 660, 60+18*float64(len(names)), label)
	return plotView{label, "", drawn, true}, true, nil
}
