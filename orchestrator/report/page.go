package report

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/gallery"
)

//go:embed assets
var assets embed.FS

// Style is the style sheet of pages.
//
//go:embed assets/style.css
var Style string

// page is what report.html shows, in the words of its templates.
type page struct {
	Style       template.CSS
	Script      template.JS
	ScriptHash  string // of the script, which the page's policy allows alone
	Name        string
	Question    string
	Verdict     []string // what to do, what it comes to, what would settle it; or the answer's first sentence
	Answer      []string // and its other sentences
	Decided     bool     // that there is a verdict, so that the answer is for whom it is not enough
	Unfinished  []string
	Mixed       []mixedView    // of studies whose cells come from different environments
	Cells       map[string]int // by state
	Conditions  *conditionsView
	Patterns    *patternsView
	Made        *gallery.View // how images are made
	SideBySide  bool          // by several methods
	Usage       []classUsage
	Method      string   // by which images are made
	Range       []string // of 16-bit photos, and what became of it
	Kept        int      // photos that may not be tested on
	Borrowed    int      // study 1's photos that study 2 tests on
	TestTotal   int
	Record      record
	Lineage     lineageView
	Libraries   []library
	Settings    []experiment.Setting
	Changes     []string // of the experiment file, by --set
	First, Last string   // of the run, in UTC
}

// mixedView says in what the environments of a study's cells differ.
type mixedView struct{ Study, Text string }

type library struct{ Name, Version string }

// writePage writes report.html: one file that needs nothing else.
func (r *Report) writePage(w io.Writer, pictures *gallery.Album) error {
	templates, err := template.New("page.tmpl").Funcs(template.FuncMap{
		"short": plan.Short, "plural": func(n int, thing string) string { return english.Plural(n, thing, thing+"s") },
	}).ParseFS(assets, "assets/*.tmpl")
	if err != nil {
		return err
	}
	script, err := assets.ReadFile("assets/script.js")
	if err != nil {
		return err
	}
	view, err := r.page(pictures)
	if err != nil {
		return err
	}
	view.Style, view.Script = template.CSS(Style), template.JS(script)
	sum := sha256.Sum256(script)
	view.ScriptHash = "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
	return templates.Execute(w, view)
}

func (r *Report) page(pictures *gallery.Album) (*page, error) {
	exp := r.plan.Experiment
	patterns, err := r.patternsView(pictures)
	if err != nil {
		return nil, err
	}
	notes, _ := r.plan.Set.RangeNotes()
	usage := r.usage()
	view := &page{
		Name: exp.Name, Question: exp.Question, Verdict: r.verdict.lines(), Answer: r.answer(), Decided: r.verdict != nil,
		Unfinished: r.unfinished(),
		Cells:      map[string]int{"all": len(r.cells)},
		Conditions: r.conditionsView(pictures), Patterns: patterns,
		Usage: usage, Method: r.startedBy(), Range: notes, Borrowed: borrowed(usage), TestTotal: r.tests.total,
		Record: r.record, Lineage: r.lineageView(), Settings: settings(exp, r.plan.Base.SHA256), Changes: exp.Changes,
	}
	if !view.Decided {
		view.Verdict, view.Answer = view.Answer[:1], view.Answer[1:]
	}
	view.Made, view.SideBySide = r.madeGallery().Pairs(pictures.Smaller(pairSide)), len(r.methods()) > 1
	for _, study := range []mixedView{{"2", r.mixed(experiment.Classification)}, {"1", r.mixed(experiment.Generation)}} {
		if study.Text != "" {
			view.Mixed = append(view.Mixed, study)
		}
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
	return view, nil
}

// Environments lists what tasks were computed with, the most frequent first.
func (r record) Environments() []environment { return r.list() }

// Jobs lists the jobs that tasks ran in.
func (r record) Jobs() []jobTasks { return r.jobs }

// Kinds lists the times of every kind of task.
func (r record) Kinds() []kindTimes { return r.kinds }

// settings lists what decides the results.
func settings(exp *experiment.Experiment, base string) []experiment.Setting {
	list := exp.Settings()
	if base != "" {
		list = append(list, experiment.Setting{Path: "SHA-256 of the base model", Value: base})
	}
	return list
}
