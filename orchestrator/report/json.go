package report

import (
	"encoding/json"
	"io"
	"time"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/result"
)

// results is results.json.
type results struct {
	Experiment string            `json:"experiment"`
	Question   string            `json:"question"`
	Verdict    *verdictResult    `json:"verdict,omitempty"` // of study 2
	Answer     []string          `json:"answer"`            // in words, the most important sentence first
	Seeds      []int64           `json:"seeds"`
	Test       *testSet          `json:"test,omitempty"` // of study 2
	Reference  *referenceResult  `json:"reference,omitempty"`
	Changes    []string          `json:"changes,omitempty"` // of the experiment file, by --set
	Referee    *refereeResult    `json:"referee,omitempty"`
	Conditions []conditionResult `json:"conditions"`      // of study 2, over seeds
	Worth      []worthResult     `json:"worth,omitempty"` // in real photos, for each way to train classifiers
	Pairs      []pairResult      `json:"comparisons"`
	Ranked     []rankedResult    `json:"detector_comparisons,omitempty"`
	Cells      []cellResult      `json:"cells"`
	Notes      []tableNotes      `json:"notes"` // what the tables say below them
	Versions   map[string]string `json:"versions"`
	Devices    []string          `json:"devices"`
	// What tasks were computed with, the most frequent first.
	Environments []environment `json:"environments"`

	Jobs  []jobTasks   `json:"jobs,omitempty"` // of a workload manager, that ran the tasks
	Times []kindResult `json:"times"`
}

// tableNotes are what qualifies the figures of one table.
type tableNotes struct {
	Table string   `json:"table"`
	Notes []string `json:"notes"`
}

type testSet struct {
	Images           map[string]int `json:"images"` // by class
	Total            int            `json:"total"`
	Parts            int            `json:"parts,omitempty"` // that they show, where that is told
	MajorityClass    string         `json:"majority_class"`
	MajorityBaseline float64        `json:"majority_baseline"`
}

// referenceResult is what the experiment file says that somebody else reported.
type referenceResult struct {
	Name       string             `json:"name"`
	Source     string             `json:"source"`
	TestImages int                `json:"test_images,omitempty"`
	Accuracy   map[string]float64 `json:"accuracy"` // by training set
}

type cellResult struct {
	Study   string             `json:"study"` // generation or classification
	Name    string             `json:"name"`
	Seed    int64              `json:"seed"`
	State   state              `json:"state"` // done, failed or missing
	Reason  string             `json:"reason,omitempty"`
	Tasks   []string           `json:"tasks"`   // ids, as kizu plan prints them
	Metrics map[string]float64 `json:"metrics"` // empty unless done
}

type kindResult struct {
	Kind    string  `json:"kind"`
	Done    int     `json:"done"`
	Planned int     `json:"planned"`
	Seconds float64 `json:"seconds"` // of all that are done
}

// JSON writes results.json.
func (r *Report) JSON(w io.Writer) error {
	exp := r.plan.Experiment
	all := results{
		Experiment: exp.Name, Question: exp.Question, Verdict: r.verdict.result(), Answer: r.answer(), Seeds: exp.Seeds,
		Conditions: r.conditionResults(), Pairs: r.pairResults(), Ranked: r.rankedResults(), Worth: r.worthResults(), Cells: []cellResult{}, Notes: []tableNotes{}, Versions: r.record.versions, Devices: r.record.devices, Jobs: r.record.jobs, Times: []kindResult{},
	}
	if ref := r.reference(); ref != nil {
		all.Reference = &referenceResult{ref.Name, ref.Source, ref.TestImages, ref.Accuracy}
	}
	all.Changes, all.Referee = exp.Changes, r.refereeResult()
	for _, g := range r.grids() {
		if len(g.Notes) > 0 {
			all.Notes = append(all.Notes, tableNotes{g.Title, g.Notes})
		}
	}
	all.Environments = append([]environment{}, r.record.list()...)
	if all.Devices == nil {
		all.Devices = []string{}
	}
	if r.tests.total > 0 {
		all.Test = &testSet{map[string]int{}, r.tests.total, r.tests.parts, r.tests.majority, r.tests.baseline}
		for _, class := range r.tests.classes {
			all.Test.Images[class.Name] = class.Count
		}
	}
	for _, c := range r.cells {
		entry := cellResult{
			Study: c.Study, Name: c.Name, Seed: c.Seed, State: c.state, Reason: c.reason,
			Tasks: plan.IDs(c.Tasks()), Metrics: map[string]float64{},
		}
		for _, m := range c.metrics {
			entry.Metrics[m.name] = m.value
		}
		all.Cells = append(all.Cells, entry)
	}
	for _, k := range r.record.kinds {
		seconds := k.Total.Round(time.Millisecond).Seconds()
		all.Times = append(all.Times, kindResult{k.Kind, k.Done, k.Planned, seconds})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(all)
}

// conditionResult is one training set of study 2 over its seeds.
type conditionResult struct {
	Name             string             `json:"name"`
	Method           string             `json:"method,omitempty"`   // of the generated images, where there are some
	Chosen           string             `json:"chosen,omitempty"`   // how, among candidates: 1 of 3, by change
	Detector         string             `json:"detector,omitempty"` // its method: it has no accuracy and what follows from classes
	Steps            int                `json:"optimizer_steps"`
	Trained          []trainedResult    `json:"training_images"`
	Runs             int                `json:"runs"` // seeds that are done; the rest is absent without any
	Accuracy         *result.Estimate   `json:"accuracy,omitempty"`
	MacroF1          *result.Estimate   `json:"macro_f1,omitempty"`
	BalancedAccuracy *result.Estimate   `json:"balanced_accuracy,omitempty"`
	Inspection       *result.Inspection `json:"inspection,omitempty"`
	Detection        *result.Detection  `json:"good_or_defective,omitempty"`
	Kinds            *kindsResult       `json:"real_or_generated,omitempty"` // of a training set with generated images
	Confusion        [][]int            `json:"confusion,omitempty"`         // [true class][answer], summed over seeds
	Classes          []string           `json:"classes,omitempty"`
}

// trainedResult counts the training images of a class.
type trainedResult struct {
	Class     string `json:"class"`
	Real      int    `json:"real"`
	Decoded   int    `json:"decoded,omitempty"`
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
	Generated result.Spread `json:"generated_from_photos"`
	*ControlsResult
}

// ControlsResult is absent where images keep their photos’ own pixels. It is exported for
// encoding/json, which reads no others that are embedded.
type ControlsResult struct {
	Autoencoded result.Spread `json:"autoencoded_from_photos"`
	Beyond      result.Spread `json:"generated_from_autoencoded"`
	BeyondLow   float64       `json:"generated_from_autoencoded_low"`
	BeyondHigh  float64       `json:"generated_from_autoencoded_high"`
}

func probesOf(k result.KindsOver) probesResult {
	all := probesResult{Generated: k.Generated}
	if k.Controlled {
		all.ControlsResult = &ControlsResult{k.Autoencoded, k.Beyond, k.Interval.Low, k.Interval.High}
	}
	return all
}

// pairResult is two training sets compared on the same test images.
type pairResult struct {
	First  string `json:"first"`
	Second string `json:"second"`
	ComparisonResult
	Improvement *float64  `json:"probability_of_improvement"` // null below three seeds
	Detectable  *float64  `json:"detectable_difference"`      // null with one seed
	McNemar     []mcnemar `json:"mcnemar"`                    // of every seed
}

// ComparisonResult is what two conditions differ by, in accuracy or AUROC, the first minus the
// second. It is exported for encoding/json, as ControlsResult.
type ComparisonResult struct {
	Seeds      []int64         `json:"seeds"` // that both have
	Difference result.Estimate `json:"difference"`
	P          float64         `json:"p"`
	Adjusted   float64         `json:"p_holm"`
	Differ     *bool           `json:"differ"` // p_holm is below 0.05; null with one seed, which cannot tell
}

func comparisonOf(c result.Comparison) ComparisonResult {
	figures := ComparisonResult{c.Seeds, c.Difference, c.P, c.Adjusted, nil}
	if differ := c.Significant(); c.Repeated() {
		figures.Differ = &differ
	}
	return figures
}

type mcnemar struct {
	Seed       int64   `json:"seed"`
	OnlyFirst  int     `json:"only_first"` // test images found by one alone
	OnlySecond int     `json:"only_second"`
	P          float64 `json:"p"`
}

func (r *Report) conditionResults() []conditionResult {
	list := []conditionResult{}
	for _, c := range r.conditions {
		entry := conditionResult{Name: c.name, Method: c.method(), Chosen: c.chosen(), Steps: c.steps, Runs: len(c.runs)}
		for _, class := range c.classes {
			entry.Trained = append(entry.Trained, trainedResult{class.Class, class.Real, class.Decoded, class.Generated})
		}
		if d := c.detector; d != nil {
			entry.Detector = d.Method
		}
		if entry.Detection = c.detection; c.inspected != nil {
			entry.Inspection = &c.inspection
		}
		if c.results != nil {
			entry.Accuracy, entry.MacroF1, entry.BalancedAccuracy = &c.accuracy, &c.macroF1, &c.balanced
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
		entry := pairResult{First: p.a.name, Second: p.b.name, ComparisonResult: comparisonOf(p.Comparison), Improvement: p.improvement}
		if p.Repeated() {
			entry.Detectable = &p.Detectable
		}
		for i, m := range p.PerSeed {
			entry.McNemar = append(entry.McNemar, mcnemar{p.Seeds[i], m.OnlyA, m.OnlyB, m.P})
		}
		list = append(list, entry)
	}
	return list
}
