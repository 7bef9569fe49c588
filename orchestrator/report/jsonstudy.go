package report

import "kizu/orchestrator/result"

// conditionResult is one training set of study 2 over its seeds.
type conditionResult struct {
	Name             string          `json:"name"`
	Runs             int             `json:"runs"` // seeds that are done; the rest is absent without any
	Accuracy         *estimateResult `json:"accuracy,omitempty"`
	MacroF1          *estimateResult `json:"macro_f1,omitempty"`
	BalancedAccuracy *estimateResult `json:"balanced_accuracy,omitempty"`
	Probe            *probeResult    `json:"real_or_generated,omitempty"` // of a training set with generated images
	Confusion        [][]int         `json:"confusion,omitempty"`         // [true class][answer], summed over seeds
	Classes          []string        `json:"classes,omitempty"`
}

// probeResult is how well a linear probe of the classifier's features tells
// generated images from photos, neither seen in training; 0.5 by chance.
type probeResult struct {
	Mean   float64 `json:"mean"` // accuracy
	SD     float64 `json:"sd"`   // over seeds
	Images int     `json:"images"`
}

// estimateResult is a metric, or a difference, over seeds.
type estimateResult struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"` // over seeds; 0 for one
	SE   float64 `json:"se"` // for other seeds and other test images
	DF   float64 `json:"df"` // of Student's t
	Low  float64 `json:"low"`
	High float64 `json:"high"` // of the 95 % interval
}

// pairResult is two training sets compared on the same test images.
type pairResult struct {
	First       string         `json:"first"`
	Second      string         `json:"second"`
	Seeds       []int64        `json:"seeds"`      // that both have
	Difference  estimateResult `json:"difference"` // of accuracy, first minus second
	P           float64        `json:"p"`
	Adjusted    float64        `json:"p_holm"`
	Differ      bool           `json:"differ"` // p_holm is below 0.05
	Improvement float64        `json:"probability_of_improvement"`
	Detectable  float64        `json:"detectable_difference"`
	McNemar     []mcnemar      `json:"mcnemar"` // of every seed
}

type mcnemar struct {
	Seed       int64   `json:"seed"`
	OnlyFirst  int     `json:"only_first"` // test images found by one alone
	OnlySecond int     `json:"only_second"`
	P          float64 `json:"p"`
}

func estimateOf(e result.Estimate) *estimateResult {
	return &estimateResult{e.Mean, e.SD, e.SE, e.DF, e.Interval.Low, e.Interval.High}
}

func (r *Report) conditionResults() []conditionResult {
	list := []conditionResult{}
	for _, c := range r.conditions {
		entry := conditionResult{Name: c.name, Runs: len(c.runs)}
		if c.results != nil {
			entry.Accuracy, entry.MacroF1 = estimateOf(c.accuracy), estimateOf(c.macroF1)
			entry.BalancedAccuracy = estimateOf(c.balanced)
			if c.probe.N > 0 {
				entry.Probe = &probeResult{c.probe.Mean, c.probe.SD, c.probed}
			}
			entry.Confusion, entry.Classes = c.total.Counts, c.total.Classes
		}
		list = append(list, entry)
	}
	return list
}

func (r *Report) pairResults() []pairResult {
	list := []pairResult{}
	for _, p := range r.pairs {
		entry := pairResult{
			First: p.a.name, Second: p.b.name, Seeds: p.Seeds, Difference: *estimateOf(p.Difference),
			P: p.P, Adjusted: p.Adjusted, Differ: p.Significant(),
			Improvement: p.improvement, Detectable: p.Detectable,
		}
		for i, m := range p.PerSeed {
			entry.McNemar = append(entry.McNemar, mcnemar{p.Seeds[i], m.OnlyA, m.OnlyB, m.P})
		}
		list = append(list, entry)
	}
	return list
}
