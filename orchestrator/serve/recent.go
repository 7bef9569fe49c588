package serve

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/stat"

	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// newest lists those of an experiment's artifacts that are there, the newest first, of
// the kinds that are wanted.
func (s *Server) newest(e *experiment, there map[string]bool, wanted func(kind string) bool, most int) (list []store.Entry) {
	journal, _ := s.Store.Journal() // without it there is nothing to show
	left := map[string]bool{}
	for _, name := range e.Artifacts {
		left[name] = there[name]
	}
	for _, entry := range slices.Backward(journal) {
		name := entry.Kind + "/" + entry.Key
		if wanted(entry.Kind) && left[name] && len(list) < most {
			list = append(list, entry)
			left[name] = false // what was made again stands there twice
		}
	}
	return list
}

// strip is images of one artifact.
type strip struct {
	store.Entry
	Count int
	Files []string // the first of them
}

// images are an experiment's newest.
func (s *Server) images(e *experiment, there map[string]bool) (list []strip) {
	const artifacts, each = 6, 8
	for _, made := range s.newest(e, there, func(kind string) bool { return kind == stage.KindGenerate }, artifacts) {
		files, _ := os.ReadDir(filepath.Join(s.Store.Dir(made.Kind, made.Key), "images"))
		list = append(list, strip{Entry: made, Count: len(files)})
		for _, file := range files[:min(each, len(files))] {
			list[len(list)-1].Files = append(list[len(list)-1].Files, file.Name())
		}
	}
	return list
}

// curves are the losses of the trainings that go on, up to their latest checkpoints,
// then of the newest that ended.
func (s *Server) curves(e *experiment, there map[string]bool) (list []curve) {
	const most = 12
	tables := map[string]string{}
	for _, spec := range stage.All {
		tables[spec.Kind()] = spec.Curve()
	}
	add := func(label, dir, kind string, running bool) {
		table, _ := os.ReadFile(filepath.Join(dir, tables[kind])) // without one there is no curve
		if c, ok := newCurve(label, string(table)); ok {
			c.Running = running
			list = append(list, c)
		}
	}
	for _, live := range e.Runs {
		for _, device := range live.Devices {
			for _, task := range append([]runlog.LiveTask{{Task: device.Task, Label: device.Label}}, device.Beside...) {
				start := strings.Replace(task.Task, ":", "/", 1) // an id is its artifact's name, cut short
				for _, name := range e.Artifacts {
					if kind, key, _ := strings.Cut(name, "/"); start != "" && strings.HasPrefix(name, start) {
						add(task.Label, filepath.Join(s.Store.Checkpoints(key), fmt.Sprintf("%08d", s.Store.CheckpointSteps(key))), kind, true)
					}
				}
			}
		}
	}
	for _, made := range s.newest(e, there, func(kind string) bool { return tables[kind] != "" }, max(0, most-len(list))) {
		add(made.Label, s.Store.Dir(made.Kind, made.Key), made.Kind, false)
	}
	return list
}

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

// newCurve draws the column loss of a table whose rows are steps; false if it has fewer than two.
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
