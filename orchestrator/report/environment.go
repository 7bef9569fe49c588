package report

import (
	"cmp"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/store"
)

// environment is what tasks were computed with, apart from what is in their
// keys: the last bits of a result depend on it.
type environment struct {
	Device       string            `json:"device"`    // cpu, or the name of a GPU's maker
	Processor    string            `json:"processor"` // "" and 0 where an older kizu recorded nothing
	Instructions string            `json:"instructions"`
	Limits       map[string]string `json:"limits"` // variables that held libraries to less
	Threads      int               `json:"threads"`
	Reproducible bool              `json:"reproducible"`
	Versions     map[string]string `json:"versions"`
	Kizu         string            `json:"kizu"`
	Tasks        int               `json:"tasks"`
}

func environmentOf(m *store.Manifest) environment {
	e := environment{Device: m.Device, Versions: m.Versions, Limits: map[string]string{}}
	if m.Device != "cpu" && m.DeviceName != "" {
		e.Device = m.DeviceName // which of several equal ones does not matter
	}
	if of := m.Environment; of != nil {
		e.Kizu, e.Processor, e.Instructions = of.Kizu, of.Processor, of.Instructions
		e.Threads, e.Reproducible = of.Threads, of.Reproducible
		maps.Copy(e.Limits, of.Limits)
	}
	return e
}

// Title names the environment for people.
func (e environment) Title() string {
	words := []string{e.Device}
	for _, text := range []string{e.Processor, e.Instructions} {
		if text != "" {
			words = append(words, text)
		}
	}
	if e.Threads > 0 {
		words = append(words, english.Plural(e.Threads, "thread", ""))
	}
	if e.Reproducible {
		words = append(words, "reproducible")
	}
	words = append(words, e.limits()...)
	if e.Kizu != "" {
		words = append(words, "kizu "+e.Kizu)
	}
	return strings.Join(words, ", ")
}

// limits are the variables that held libraries to less, as a shell sets them.
func (e environment) limits() (words []string) {
	for _, name := range slices.Sorted(maps.Keys(e.Limits)) {
		words = append(words, name+"="+e.Limits[name])
	}
	return words
}

// list is the environments of all tasks that are done, the most frequent first.
func (r *record) list() []environment {
	var list []environment
	for _, task := range r.tasks {
		e := r.environments[task]
		at := slices.IndexFunc(list, func(other environment) bool {
			other.Tasks = 0
			return reflect.DeepEqual(other, e)
		})
		if at < 0 {
			at = len(list)
			list = append(list, e)
		}
		list[at].Tasks++
	}
	slices.SortStableFunc(list, func(a, b environment) int { return cmp.Compare(b.Tasks, a.Tasks) })
	return list
}

// Reproducible reports whether all tasks were computed with that setting.
func (r record) Reproducible() bool {
	for _, e := range r.environments {
		if !e.Reproducible {
			return false
		}
	}
	return len(r.environments) > 0
}

// property is one thing in which environments may differ. The revision of kizu
// is none: what a stage does has a version, which is part of the key.
type property struct {
	name string
	of   func(environment) string // "" where it was not recorded
}

func (r *record) properties() []property {
	list := []property{
		{"device", func(e environment) string { return e.Device }},
		{"processor", func(e environment) string { return e.Processor }},
		{"instructions", func(e environment) string { return e.Instructions }},
		{"limits", func(e environment) string {
			if len(e.Limits) == 0 && e.Threads > 0 {
				return "none"
			}
			return strings.Join(e.limits(), " ")
		}},
		{"threads", func(e environment) string {
			if e.Threads == 0 {
				return ""
			}
			return fmt.Sprint(e.Threads)
		}},
	}
	for _, name := range r.libraries() {
		list = append(list, property{name, func(e environment) string { return e.Versions[name] }})
	}
	return list
}

// mixed says in one sentence, without its full stop, in what the environments of
// tasks differ, with those that they were made from; "" if in nothing.
func (r *record) mixed(tasks []*plan.Task) string {
	all := map[*plan.Task]bool{}
	for _, task := range tasks {
		task.Mark(all)
	}
	var parts []string
	for _, p := range r.properties() {
		counts := map[string]int{}
		for task := range all {
			if e, known := r.environments[task]; known && p.of(e) != "" {
				counts[p.of(e)]++
			}
		}
		if len(counts) < 2 {
			continue
		}
		var values []string
		for _, value := range slices.Sorted(maps.Keys(counts)) {
			values = append(values, fmt.Sprintf("%s (%s)", value, english.Plural(counts[value], "task", "")))
		}
		parts = append(parts, p.name+" "+english.WordSeries(values, "and"))
	}
	if len(parts) == 0 {
		return ""
	}
	return "the cells of this table come from different environments, on which the last digits of a training depend: " + strings.Join(parts, "; ")
}

// noted adds to the table of a study in what the environments of its cells differ, if in anything.
func (r *Report) noted(g table.Table, study string) table.Table {
	if text := r.mixed(study); text != "" {
		g.Notes = append(g.Notes, text)
	}
	return g
}

// mixed is record.mixed of a study's cells.
func (r *Report) mixed(study string) string {
	var tasks []*plan.Task
	for _, c := range r.cells {
		if c.Study == study {
			tasks = append(tasks, c.Tasks()...)
		}
	}
	return r.record.mixed(tasks)
}
