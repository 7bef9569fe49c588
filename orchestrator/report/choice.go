package report

import (
	"fmt"
	"slices"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/gallery"
	"kizu/orchestrator/stage"
)

// choice is what became of the candidates for a task's images.
type choice struct {
	by         string // such as "1 of 3, by change"
	ThrownAway int    `json:"thrown_away"`
	Outside    int    `json:"outside_bounds"` // images that are kept though the rule wants other scores
	Flawed     int    `json:"flawed"`         // and those that are kept with a remark

	thrown []picture // the first
}

// choice reads how images were chosen; nil where they were not.
func (s *source) choice(task *plan.Task) (*choice, error) {
	by := task.ChosenBy()
	if by == "" {
		return nil, nil
	}
	c := &choice{by: by}
	err := s.resultOf(task, c)
	if err != nil {
		return nil, err
	}
	c.thrown, err = s.picturesIn(task, "thrown")
	return c, err
}

// plus adds up the choices of two seeds.
func (c *choice) plus(other *choice) *choice {
	switch {
	case c == nil:
		return other
	case other == nil:
		return c
	}
	return &choice{by: c.by, ThrownAway: c.ThrownAway + other.ThrownAway, Outside: c.Outside + other.Outside, Flawed: c.Flawed + other.Flawed}
}

// text says how many candidates were thrown away, and what was kept for want of better.
func (c *choice) text() string {
	text := fmt.Sprintf("%s, %d thrown away", c.by, c.ThrownAway)
	if c.Outside > 0 {
		text += fmt.Sprintf(", %d kept outside the rule’s bounds", c.Outside)
	}
	if c.Flawed > 0 {
		text += fmt.Sprintf(", %d kept with a remark", c.Flawed)
	}
	return text
}

// metrics are its numbers in results.csv and results.json.
func (c *choice) metrics() []metric {
	if c == nil {
		return nil
	}
	return []metric{
		{"n_thrown_away", float64(c.ThrownAway)},
		{"n_outside_bounds", float64(c.Outside)},
		{"n_flawed", float64(c.Flawed)},
	}
}

// strip shows the first candidates that were thrown away.
func (c *choice) strip(prompt string, seed int64) gallery.Strip {
	return generatedStrip(c.thrown, prompt, sampleShown, seed, done, "")
}

// thrownRow is a gallery's row of strips of what was thrown away.
func thrownRow(name, title string, strips []gallery.Strip) gallery.Row {
	return gallery.Row{Name: name + ", thrown away", Title: title + ", thrown away", Detail: "the first candidates that were not kept", Strips: strips}
}

// picked follows where it is said that no image was picked.
func (r *Report) picked() string {
	if slices.ContainsFunc(r.plan.Tasks, func(task *plan.Task) bool { return task.Kind == stage.KindChoose }) {
		return " but by the rule that its row names"
	}
	return ""
}
