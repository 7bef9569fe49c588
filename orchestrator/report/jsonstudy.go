package report

import "kizu/orchestrator/result"

// conditionResult is one training set of study 2 over its seeds.
type conditionResult struct {
	Name             string          `json:"name"`
	Steps            int             `json:"optimizer_steps"`
	Trained          []trainedResult `json:"training_images"`
	Runs             int             `json:"runs"` // seeds that are done; the rest is absent without any
	Accuracy         *estimateResult `json:"accuracy,omitempty"`
	MacroF1          *estimateResult `json:"macro_f1,omitempty"`
	BalancedAccuracy *estimateResult `json:"balanced_accuracy,omitempty"`
	Kinds            *kindsResult    `json:"real_or_generated,omitempty"` // of a training set with generated images
	Confusion        [][]int         `json:"confusion,omitempty"`         // [true class][answer], summed over seeds
	Classes          []string        `json:"classes,omitempty"`
}

// trainedResult counts the training images of a class.
type trainedResult struct {
	Class     string `json:"class"`
	Real      int    `json:"real"`
	Generated int    `json:"generated"`
}

// kindsResult is how well linear probes of the classifier's features tell kinds
// of images apart, none seen in training; 0.5 by chance.
type kindsResult struct {
	Images        int          `json:"images"` // of each probe
	After         probesResult `json:"after_training"`
	Before        probesResult `json:"before_training"`
	LookGenerated bool         `json:"look_generated"` // after training: the interval is above 0.5
}

// probesResult are mean accuracies with their deviations over seeds.
type probesResult struct {
	Generated   spreadResult `json:"generated_from_photos"`
	Autoencoded spreadResult `json:"autoencoded_from_photos"`
	Beyond      spreadResult `json:"generated_from_autoencoded"`
	BeyondLow   float64      `json:"generated_from_autoencoded_low"`
	BeyondHigh  float64      `json:"generated_from_autoencoded_high"`
}

type spreadResult struct {
	Mean float64 `json:"mean"`
	SD   float64 `json:"sd"` // over seeds
}

func spreadOf(s result.Spread) spreadResult { return spreadResult{s.Mean, s.SD} }

func probesOf(k result.KindsOver) probesResult {
	return probesResult{spreadOf(k.Generated), spreadOf(k.Autoencoded), spreadOf(k.Beyond), k.Interval.Low, k.Interval.High}
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
	Differ      *bool          `json:"differ"`                     // p_holm is below 0.05; null with one seed, which cannot tell
	Improvement *float64       `json:"probability_of_improvement"` // null below three seeds
	Detectable  *float64       `json:"detectable_difference"`      // null with one seed
	McNemar     []mcnemar      `json:"mcnemar"`                    // of every seed
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
		entry := conditionResult{Name: c.name, Steps: c.steps, Runs: len(c.runs)}
		for _, class := range c.classes {
			entry.Trained = append(entry.Trained, trainedResult{class.Class, class.Real, class.Generated})
		}
		if c.results != nil {
			entry.Accuracy, entry.MacroF1 = estimateOf(c.accuracy), estimateOf(c.macroF1)
			entry.BalancedAccuracy = estimateOf(c.balanced)
			if k := c.kinds; k != nil {
				entry.Kinds = &kindsResult{k.images, probesOf(k.after), probesOf(k.before), k.after.LookGenerated()}
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
			P: p.P, Adjusted: p.Adjusted, Improvement: p.improvement,
		}
		if p.Repeated() {
			differ, least := p.Significant(), p.Detectable
			entry.Differ, entry.Detectable = &differ, &least
		}
		for i, m := range p.PerSeed {
			entry.McNemar = append(entry.McNemar, mcnemar{p.Seeds[i], m.OnlyA, m.OnlyB, m.P})
		}
		list = append(list, entry)
	}
	return list
}
