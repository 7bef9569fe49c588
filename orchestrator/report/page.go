package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"kizu/orchestrator/experiment"
)

//go:embed assets
var assets embed.FS

// page is what report.html shows, in the words of its templates.
type page struct {
	Style       template.CSS
	Name        string
	Question    string
	Lead        string   // the answer's first sentence
	Answer      []string // and the others
	Unfinished  []string
	Cells       map[string]int // by state
	Conditions  *conditionsView
	Patterns    *patternsView
	Usage       []classUsage
	Kept        int // photos that may not be tested on
	Borrowed    int // study 1's photos that study 2 tests on
	TestTotal   int
	Record      record
	Libraries   []library
	Settings    []setting
	First, Last string // of the run, in UTC
}

type library struct{ Name, Version string }

// setting is one line of what the experiment file says, defaults filled in.
type setting struct{ Name, Value string }

// writePage writes report.html: one file that needs nothing else.
func (r *Report) writePage(w io.Writer, pictures *album) error {
	templates, err := template.New("page.tmpl").Funcs(template.FuncMap{
		"short": short, "plural": plural,
	}).ParseFS(assets, "assets/*.tmpl")
	if err != nil {
		return err
	}
	style, err := assets.ReadFile("assets/style.css")
	if err != nil {
		return err
	}
	view := r.page(pictures)
	view.Style = template.CSS(style)
	return templates.Execute(w, view)
}

func (r *Report) page(pictures *album) *page {
	exp := r.plan.Experiment
	answer := r.answer()
	view := &page{
		Name: exp.Name, Question: exp.Question, Lead: answer[0], Answer: answer[1:],
		Unfinished: r.unfinished(),
		Cells:      map[string]int{"all": len(r.cells)},
		Conditions: r.conditionsView(pictures), Patterns: r.patternsView(pictures),
		Usage: r.usage(), Borrowed: r.borrowed(), TestTotal: r.tests.total,
		Record: r.record, Settings: settings(exp, r.plan.Base.SHA256),
	}
	for _, s := range []state{done, failed, missing} {
		view.Cells[string(s)] = r.count(s)
	}
	for _, class := range view.Usage {
		view.Kept += class.Kept
	}
	for _, name := range r.record.libraries() {
		view.Libraries = append(view.Libraries, library{name, r.record.versions[name]})
	}
	const minute = "2006-01-02 15:04"
	if !r.record.first.IsZero() {
		view.First, view.Last = r.record.first.UTC().Format(minute), r.record.last.UTC().Format(minute)
	}
	return view
}

// Devices lists the devices that tasks ran on.
func (r record) Devices() []string { return r.devices }

// Kinds lists the times of every kind of task.
func (r record) Kinds() []kindTimes { return r.kinds }

// settings writes what decides the results.
func settings(exp *experiment.Experiment, base string) []setting {
	l, g, k := exp.LoRA, exp.Generate, exp.Classifier
	model := exp.Base
	if base != "" {
		model += " (SHA-256 " + base[:16] + "…)"
	}
	negative := "no negative prompt"
	if g.NegativePrompt != "" {
		negative = "negative prompt “" + g.NegativePrompt + "”"
	}
	flip, length := "", plural(k.Epochs, "epoch")
	if l.Flip {
		flip = ", flipped at random"
	}
	if k.Steps > 0 {
		length = plural(k.Steps, "step")
	}
	list := []setting{
		{"Seeds", strings.Trim(fmt.Sprint(exp.Seeds), "[]")},
		{"Photos", fmt.Sprintf("%s, format %s; “%s” is the good class; test images chosen by split seed %d",
			exp.Dataset.Noun, exp.Dataset.Format, exp.Dataset.Good, exp.Dataset.SplitSeed)},
		{"Base model", model},
		{"LoRA", fmt.Sprintf("identifier “%s”, rank %d, alpha %g, target %s, learning rate %g, %d steps of %s (as many regularization images join them), prior weight %g, regularization mode %s, %d × %d pixels%s, %s",
			l.Identifier, l.Rank, l.Alpha, l.Target, l.LearningRate, l.Steps, plural(l.BatchSize, "defect image"), l.PriorWeight,
			l.Regularization, l.Resolution, l.Resolution, flip, l.Precision)},
		{"Images", fmt.Sprintf("img2img, strength %g of %d steps (%d are run), guidance %g, %s, no safety checker, %s",
			g.Strength, g.Steps, experiment.DenoisingSteps(g.Steps, g.Strength), g.Guidance, negative, g.Precision)},
	}
	if exp.Conditions == nil {
		return list
	}
	return append(list, setting{"Classifier", fmt.Sprintf("%s, initial weights %s, %d × %d pixels, %s of batch size %d, learning rate %g, weight decay %g, %s; no model selection",
		k.Model, k.Weights, k.Resolution, k.Resolution, length, k.BatchSize, k.LearningRate, k.WeightDecay, k.Precision)})
}
