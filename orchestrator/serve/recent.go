package serve

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

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
