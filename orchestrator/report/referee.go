package report

import (
	"fmt"
	"slices"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
	"kizu/orchestrator/stage"
)

// refereed is what a referee says of a cell's images.
type refereed struct {
	images []*result.Predictions // of the cell's, task by task; nil where nothing is said yet
	noun   *result.Predictions   // of those of the noun alone
	looks  result.Features       // of the same
}

// refereed reads it; nil without a referee.
func (s *source) refereed(c *cell) (*refereed, error) {
	if len(c.Judged) == 0 {
		return nil, nil
	}
	said := &refereed{images: make([]*result.Predictions, len(c.Judged))}
	read := map[*plan.Task]**result.Predictions{}
	for i, task := range c.Judged {
		read[task] = &said.images[i]
	}
	if c.Noun != nil {
		read[c.Noun.Judged] = &said.noun
	}
	for task, into := range read {
		if state, _ := s.stateOf(task); state != done {
			continue
		}
		var err error
		if *into, err = s.predictions(task); err != nil {
			return nil, err
		}
	}
	if c.Noun == nil {
		return said, nil
	}
	if state, _ := s.stateOf(c.Noun.Measure); state == done {
		looks, err := s.measured(c.Noun.Measure)
		if err != nil {
			return nil, err
		}
		said.looks = looks.features
	}
	return said, nil
}

// metrics are the rows that a referee adds to results.csv.
func (j *refereed) metrics() (list []metric) {
	if j == nil {
		return nil
	}
	var all result.Judged
	for _, said := range j.images {
		if said != nil {
			all = all.Plus(result.JudgedIn(said, 0))
		}
	}
	if all.Images > 0 {
		list = append(list, metric{"n_judged", float64(all.Images)}, metric{"n_called_so", float64(all.Named)}, metric{"n_called_defective", float64(all.Defective)})
	}
	if j.noun != nil {
		list = append(list, metric{"n_noun_called_defective", float64(result.JudgedIn(j.noun, 0).Defective)})
	}
	return list
}

// judged are the images of one class that are made alike.
type judged struct {
	name string
	of   result.Judged
}

// judgedSamples sums up what the referee says of study 2's images; nil without a referee.
func (r *Report) judgedSamples() (made []judged) {
	seen := map[*plan.Task]bool{}
	for _, c := range r.cells {
		if c.refereed == nil || c.Classify == nil {
			continue
		}
		spec := c.Classify.Spec.(stage.Classify)
		for i, said := range c.refereed.images {
			if said == nil || seen[c.Judged[i]] {
				continue
			}
			seen[c.Judged[i]] = true
			name := spec.Classes[spec.Generated[i].Class]
			if differs := c.Condition.Differs(); differs != "" {
				name += ", " + differs
			}
			made = addJudged(made, name, result.JudgedIn(said, 0))
		}
	}
	return made
}

func addJudged(list []judged, name string, of result.Judged) []judged {
	for i := range list {
		if list[i].name == name {
			list[i].of = list[i].of.Plus(of)
			return list
		}
	}
	return append(list, judged{name, of})
}

// samplesJudged is the table of what study 2's images show; without rows where there is none.
func (r *Report) samplesJudged() table.Table {
	g := table.Table{
		Title: "Study 2, what the images show, as the referee sees them",
		Columns: []table.Column{
			{Head: "images of"}, {Head: "images", Numeric: true, Extra: 1}, {Head: "called so", Numeric: true},
			{Head: "95 % interval", Numeric: true}, {Head: "called defective", Numeric: true},
		},
	}
	made := r.judgedSamples()
	if len(made) == 0 {
		return g
	}
	for _, list := range []struct {
		kind string
		rows []judged
	}{{"photos: ", r.trials}, {"", made}} {
		for _, row := range list.rows {
			named, defective := ratio(row.of.Named, row.of.Images), ratio(row.of.Defective, row.of.Images)
			g.Rows = append(g.Rows, []string{list.kind + row.name, fmt.Sprint(row.of.Images), share(named), between(result.Wilson(named, row.of.Images)), share(defective)})
		}
	}
	g.Notes = append(r.refereeNotes(), "intervals are Wilson’s, of the images alone")
	return g
}

func ratio(n, of int) float64 { return float64(n) / float64(max(1, of)) }

// refereeNotes say what the referee is, and what it gets right.
func (r *Report) refereeNotes() []string {
	given := r.plan.Experiment.Referee
	who := "the referee is the classifier " + given.Classifier
	if given.Photos > 0 {
		who = fmt.Sprintf("the referee is a classifier of photos alone, at most %d of each defect and as many good ones as of all, as they are and autoencoded", given.Photos)
	}
	labels := map[string]bool{}
	for _, trial := range r.plan.Trials {
		if spec, ok := trial.Task.Spec.(stage.Judge); ok {
			labels[spec.Label] = true
		}
	}
	if len(labels) > 0 && len(labels) < len(r.plan.Experiment.Dataset.Classes()) {
		who += ", which tells good from defective alone, not one defect from another"
	}
	var right []string
	for _, row := range r.trials {
		right = append(right, fmt.Sprintf("%d of %d %s", row.of.Named, row.of.Images, row.name))
	}
	if len(right) == 0 {
		return []string{who}
	}
	return []string{who + "; of photos that no classifier of the study learns it calls right " + english.WordSeries(right, "and") + ", and what it says is worth no more"}
}

// trials reads what the referee says of photos that it did not learn, class by class.
func (s *source) trials() (tried []judged) {
	for _, trial := range s.plan.Trials {
		if state, _ := s.stateOf(trial.Task); state != done {
			continue
		}
		said, err := s.predictions(trial.Task)
		if err != nil {
			continue // it is damaged or cannot be read, as kizu verify says; a report does without
		}
		if trial.Class != "" {
			tried = append(tried, judged{trial.Class, result.JudgedIn(said, 0)})
			continue
		}
		for class, name := range said.Classes {
			of := *said
			of.Images = slices.DeleteFunc(slices.Clone(said.Images), func(img result.Prediction) bool { return img.Label != class })
			tried = append(tried, judged{name, result.JudgedIn(&of, 0)})
		}
	}
	return tried
}
