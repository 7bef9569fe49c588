package report

import (
	"cmp"
	"fmt"
	"slices"

	"kizu/orchestrator/report/table"
	"kizu/orchestrator/result"
)

// detect estimates how well the condition's classifiers tell defective parts from good ones.
func (c *condition) detect(seeds []int64, predictions []*result.Predictions, partOf func(image string) string, good string) (err error) {
	at := slices.Index(predictions[0].Classes, good)
	if at < 0 {
		return nil
	}
	inspected := make([]*result.Predictions, len(predictions))
	for i, p := range predictions {
		inspected[i] = result.Inspected(p, at)
	}
	runs, err := result.NewRuns(seeds, inspected)
	if err != nil {
		return err
	}
	runs.SetParts(partOf)
	d, ok := cmp.Or(c.results, runs).Detect(predictions, at)
	if !ok {
		return nil
	}
	c.detection, c.goodClass, c.inspected = &d, at, runs
	c.inspection = runs.Inspection(at)
	return nil
}

// byThreshold reports whether inspections go by a threshold that folds chose, and not by the
// class that is answered.
func (c *condition) byThreshold() bool { return c.runs[0].predictions.Threshold != nil }

// detectionGrid is the table of what an inspection asks for; without rows where there is none.
func (r *Report) detectionGrid() table.Table {
	g := table.Table{
		Title: "Study 2, good or defective? What an inspection by each classifier would come to",
		Columns: []table.Column{
			{Head: "condition"}, {Head: "escapes", Numeric: true}, {Head: "false alarms", Numeric: true},
			{Head: "AUROC", Numeric: true}, {Head: "95 % interval", Numeric: true},
			{Head: "average precision", Numeric: true, Extra: 2},
			{Head: "escapes at 5 %", Numeric: true, Extra: 1}, {Head: "false alarms at 95 %", Numeric: true, Extra: 1}, {Head: "to find all", Numeric: true, Extra: 3},
			{Head: "Brier score", Numeric: true, Extra: 4}, {Head: "calibration error", Numeric: true, Extra: 5},
		},
	}
	for _, c := range r.conditions {
		d := c.detection
		if d == nil {
			continue
		}
		brier, calibration := "–", "–"
		if d.Probable {
			brier, calibration = overSeeds(d.Brier.Spread), overSeeds(d.Calibration)
		}
		g.Rows = append(g.Rows, []string{
			c.name, counted(c.inspection.Escapes, d.Defective), counted(c.inspection.FalseAlarms, d.Good), overSeeds(d.AUROC.Spread), between(d.AUROC.Interval), overSeeds(d.AveragePrecision.Spread),
			counted(d.Escapes, d.Defective), counted(d.FalseAlarms, d.Good), counted(d.FalseAlarmsAll, d.Good),
			brier, calibration,
		})
		if len(g.Notes) == 0 {
			g.Notes = result.DetectionNotes(d.Defective, d.Good, r.plan.Experiment.Dataset.Good, c.byThreshold())
		}
	}
	if slices.ContainsFunc(r.conditions, func(c *condition) bool { return c.detector != nil }) {
		g.Notes = append(g.Notes, result.DetectorNote)
	}
	return g
}

// counted writes a share of so many images as their number, with its interval.
func counted(e result.Estimate, of int) string {
	n := float64(of)
	return fmt.Sprintf("%s (%.0f–%.0f)", numberOf(e, of), e.Interval.Low*n, e.Interval.High*n)
}

// detectionMetrics are those of one run.
func detectionMetrics(p *result.Predictions, good string) []metric {
	at := slices.Index(p.Classes, good)
	if at < 0 {
		return nil
	}
	s := result.NewScores(p, at)
	c := s.Curve()
	all := c.WithRecall(1)
	if all.Found == 0 || all.FalseAlarms+all.Passed == 0 {
		return nil
	}
	list := []metric{
		{"auroc", s.AUROC()},
		{"average_precision", c.AveragePrecision()},
		{"n_escapes_at_5_false_alarms", float64(c.WithFalseAlarms(result.UsualFalseAlarms).Escapes)},
		{"n_false_alarms_at_95_recall", float64(c.WithRecall(result.UsualRecall).FalseAlarms)},
		{"n_false_alarms_at_100_recall", float64(all.FalseAlarms)},
	}
	if p.Scored {
		return list
	}
	return append(list, metric{"brier", s.Brier()}, metric{"calibration_error", result.CalibrationError(p)})
}
