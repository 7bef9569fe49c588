package command

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
)

// printPlan prints a plan for people: who plays which role, and every task.
func printPlan(out io.Writer, p *plan.Plan) error {
	view := p.ViewOf(p.FirstSeed()) // all seeds of a cell have the same counts
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	notes := slices.Concat(view.Parts, view.Range, view.Views)
	if note := p.SimilarNote(); note != "" {
		notes = append(append(notes, note), p.SimilarPairs()...)
	}
	printPhotos(w, view.Photos, notes)
	printPatterns(w, p.Experiment, view.Cells)
	printConditions(w, p.Experiment, view.Cells)
	fmt.Fprintln(w, "STATE\tTASK\tWHAT\tWHY")
	for _, task := range view.Tasks {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", task.State, task.ID, task.Label, task.Reason)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	toRun := len(p.ToRun())
	_, err := fmt.Fprintf(out, "\n%s: %d %s, %d %s: %d to run, %d reused\n", view.Experiment,
		len(p.Cells), english.PluralWord(len(p.Cells), "cell", ""), len(view.Tasks), english.PluralWord(len(view.Tasks), "task", ""), toRun, len(view.Tasks)-toRun)
	return err
}

func printPhotos(w *tabwriter.Writer, photos []plan.PhotosView, notes []string) {
	fmt.Fprintln(w, "PHOTOS\tFOUND\tTESTED ON\tFOR TRAINING")
	for _, class := range photos {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", class.Class, class.Found, class.Tested, class.Training)
	}
	for _, note := range notes {
		fmt.Fprintln(w, note)
	}
	endTable(w)
}

// endTable ends a table and leaves a line free.
func endTable(w *tabwriter.Writer) {
	_ = w.Flush() // the last Flush returns what went wrong
	fmt.Fprintln(w)
}

func printPatterns(w *tabwriter.Writer, exp *experiment.Experiment, cells []plan.CellView) {
	if exp.Patterns == nil {
		return
	}
	fmt.Fprintf(w, "STUDY 1: %s\t%s\n", exp.Patterns.Defect, loraHeads)
	for _, cell := range cells {
		if cell.Pattern != nil {
			fmt.Fprintf(w, "%s\t%s\n", cell.Name, loraRow(*cell.Pattern))
		}
	}
	endTable(w)
}

const loraHeads = "STEPS\tDEFECT\tEACH USED\tREGULARIZATION\tUSED\tUNUSED\tEACH USED\tSOURCES\tIMAGES"

// loraRow writes the counts of a LoRA and of its images.
func loraRow(v plan.LoRAView) string {
	training := strings.Repeat("–\t", 7)
	if t := v.Training; t != nil {
		training = fmt.Sprintf("%d\t%d\t%s\t%d\t%d\t%d\t%s\t",
			t.Steps, t.Instance.Given, times(t.Instance), t.Class.Given, t.Class.Distinct, t.Class.Unused, times(t.Class))
	}
	sources := fmt.Sprint(v.SourceImages)
	for _, role := range slices.Sorted(maps.Keys(v.Inputs)) {
		sources += " + " + english.Plural(v.Inputs[role], role, role+"s")
	}
	images := fmt.Sprint(v.Images)
	if v.Method != "" {
		images += " by " + v.Method
	}
	return fmt.Sprintf("%s%s\t%s", training, sources, images)
}

// times writes how often an image that is used is used: "55×", or "55–56×".
func times(u plan.UseView) string {
	switch {
	case u.Distinct == 0:
		return "–"
	case u.Min == u.Max:
		return fmt.Sprintf("%d×", u.Min)
	}
	return fmt.Sprintf("%d–%d×", u.Min, u.Max)
}

// tiles says in how many tiles photos are seen; nothing where they are seen whole.
func tiles(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d tiles)", n)
}

func printConditions(w *tabwriter.Writer, exp *experiment.Experiment, cells []plan.CellView) {
	if exp.Conditions == nil {
		return
	}
	fmt.Fprintf(w, "STUDY 2\t%s\n", strings.Join(exp.Dataset.Classes(), "\t"))
	var tested []string
	var loras []string
	for _, cell := range cells {
		if cell.Condition == nil {
			continue
		}
		row, test := []string{cell.Name}, []string{"tested on"}
		for _, class := range cell.Condition.Classes {
			counts := experiment.Counts{Real: class.Real, Generated: class.Generated}.Text("generated")
			row = append(row, counts+tiles(class.Tiles))
			test = append(test, fmt.Sprint(class.Test)+tiles(class.TestTiles))
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
		tested = test
		for _, lora := range cell.Condition.LoRAs {
			row := lora.Class + "\t" + loraRow(lora)
			if !slices.Contains(loras, row) {
				loras = append(loras, row)
			}
		}
	}
	fmt.Fprintln(w, strings.Join(tested, "\t"))
	endTable(w)
	if len(loras) == 0 {
		return
	}
	fmt.Fprintf(w, "STUDY 2: LoRAs\t%s\n", strings.Replace(loraHeads, "DEFECT", "OF THE CLASS", 1))
	for _, row := range loras {
		fmt.Fprintln(w, row)
	}
	endTable(w)
}
