package report

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
	"kizu/orchestrator/store"
)

// state is how far a cell has come.
type state string

const (
	done    state = "done"
	failed  state = "failed"  // one of its tasks, or one that it needs, failed
	missing state = "missing" // not run yet
)

// cell is a cell of the plan with what its artifacts say.
type cell struct {
	plan.Cell
	state   state
	reason  string // why it failed
	damage  error  // a *store.DamagedError, if that is why
	metrics []metric

	training *training // of a pattern with a LoRA
	pictures []picture // of a pattern
	choice   *choice   // of a pattern whose images are chosen among candidates
	quality  *quality  // of a pattern that is done

	predictions *result.Predictions // of a condition
	kinds       *kinds              // of a condition with generated images
	confusion   *result.Confusion

	refereed *refereed // of images; nil without a referee
}

// metric is one number of a cell, as results.csv and results.json have it.
type metric struct {
	name  string
	value float64
}

// source is where cells are read from.
type source struct {
	partOf   func(image string) string // nil where parts are not told
	plan     *plan.Plan
	store    *store.Store
	failures map[string]string // by task id
	looks    map[string]*look  // that were read, by key
}

// cell reads a cell's artifacts.
func (s *source) cell(planned plan.Cell) *cell {
	c := &cell{Cell: planned}
	if c.state, c.reason = s.stateOf(planned.Tasks()...); c.state != done {
		return c
	}
	read := s.readClassification
	switch {
	case planned.Generate != nil:
		read = s.readGeneration
	case planned.Detect != nil:
		read = s.readDetection
	}
	err := read(c)
	if err == nil {
		c.refereed, err = s.refereed(c)
		c.metrics = append(c.metrics, c.refereed.metrics()...)
	}
	if err != nil {
		c := &cell{Cell: planned, state: failed, reason: err.Error()}
		if errors.As(err, new(*store.DamagedError)) {
			c.damage = err
		}
		return c
	}
	return c
}

// stateOf says whether all tasks are done, or why one of them is not.
func (s *source) stateOf(tasks ...*plan.Task) (state, string) {
	worst := done
	for _, task := range tasks {
		if s.store.Has(task.Kind, task.Key) {
			continue
		}
		if reason := s.failureOf(task); reason != "" {
			return failed, reason
		}
		worst = missing
	}
	return worst, ""
}

// failureOf looks for the reason why a task is not done: its own, or that of a task that it needs.
func (s *source) failureOf(task *plan.Task) string {
	if s.store.Has(task.Kind, task.Key) {
		return ""
	}
	if reason := s.failures[task.ID]; reason != "" {
		return reason
	}
	for _, need := range task.Needs {
		if reason := s.failureOf(need); reason != "" {
			return "needs " + need.Label + ": " + reason
		}
	}
	return ""
}

// readGeneration reads a pattern's LoRA and images.
func (s *source) readGeneration(c *cell) (err error) {
	if c.pictures, err = s.pictures(c.Generate); err != nil {
		return err
	}
	if c.choice, err = s.choice(c.Generate); err != nil {
		return err
	}
	flags := countFlags(c.pictures)
	c.metrics = []metric{
		{"n_images", float64(len(c.pictures))},
		{"n_blank", float64(flags.blank)},
		{"n_saturated", float64(flags.saturated)},
		{"n_nan", float64(flags.nan)},
	}
	for _, remark := range slices.Sorted(maps.Keys(flags.remarks)) {
		c.metrics = append(c.metrics, metric{"n_" + strings.ReplaceAll(remark, " ", "_"), float64(flags.remarks[remark])})
	}
	c.metrics = append(c.metrics, c.choice.metrics()...)
	if c.quality, err = s.quality(c); err != nil {
		return err
	}
	c.metrics = append(c.metrics, c.quality.metrics()...)
	if c.Train == nil { // the baseline
		return nil
	}
	if c.training, err = s.training(c.Train); err != nil {
		return err
	}
	t := c.training
	c.metrics = append(c.metrics,
		metric{"final_loss", t.FinalLoss},
		metric{"optimizer_steps", float64(t.Steps)},
		metric{"instance_exposures_min", float64(t.Instance.Min)},
		metric{"instance_exposures_max", float64(t.Instance.Max)},
		metric{"regularization_exposures_min", float64(t.Class.Min)},
		metric{"regularization_exposures_max", float64(t.Class.Max)},
		metric{"regularization_exposures_distinct", float64(t.Class.Distinct)},
	)
	return nil
}

// readDetection reads a detector's scores.
func (s *source) readDetection(c *cell) (err error) {
	if c.predictions, err = s.predictions(c.Detect); err != nil {
		return err
	}
	good := s.plan.Experiment.Dataset.Good
	c.metrics = slices.Concat([]metric{{"n_test", float64(len(c.predictions.Images))}},
		inspectionMetrics(c.predictions, good), detectionMetrics(c.predictions, good), compositionOf(c.Detect).metrics())
	return nil
}

// readClassification reads a condition's predictions.
func (s *source) readClassification(c *cell) error {
	predictions, err := s.predictions(c.Classify)
	if err != nil {
		return err
	}
	m := result.Tally(predictions)
	c.predictions, c.confusion = predictions, m
	interval := result.Wilson(m.Accuracy(), m.Tested())
	if s.partOf != nil {
		run, err := result.NewRuns([]int64{c.Seed}, []*result.Predictions{predictions})
		if err != nil {
			return err
		}
		run.SetParts(s.partOf)
		interval = run.Accuracy().Interval
	}
	_, majority := m.Majority()
	c.metrics = []metric{
		{"accuracy", m.Accuracy()},
		{"n_test", float64(m.Tested())},
		{"accuracy_low", interval.Low},
		{"accuracy_high", interval.High},
		{"majority_baseline", majority},
		{"macro_f1", m.MacroF1()},
		{"balanced_accuracy", m.BalancedAccuracy()},
	}
	c.metrics = append(c.metrics, inspectionMetrics(predictions, s.plan.Experiment.Dataset.Good)...)
	c.metrics = append(c.metrics, detectionMetrics(predictions, s.plan.Experiment.Dataset.Good)...)
	c.metrics = append(c.metrics, compositionOf(c.Classify).metrics()...)
	if err := s.readKinds(c); err != nil {
		return err
	}
	for i, class := range m.Classes {
		c.metrics = append(c.metrics,
			metric{"recall_" + class, m.Of(i).Recall()},
			metric{"precision_" + class, m.Of(i).Precision()},
			metric{"n_test_" + class, float64(m.Of(i).Count)})
	}
	return nil
}
