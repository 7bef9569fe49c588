package command

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
)

// printPlan prints a plan for people: who plays which role, and every task.
func printPlan(out io.Writer, p *plan.Plan, screen table.Screen) error {
	view := p.ViewOf(p.FirstSeed()) // seeds of a cell have the same counts, but for tiles and groups of photos drawn anew
	var text strings.Builder
	photos := columns(2, "PHOTOS", "FOUND", "TESTED ON", "FOR TRAINING")
	for _, class := range view.Photos {
		photos.add(class.Class, fmt.Sprint(class.Found), fmt.Sprint(class.Tested), fmt.Sprint(class.Training))
	}
	photos.WriteText(&text, screen)
	notes := slices.Concat(view.Parts, view.Range, view.Views, view.Same)
	if note := p.SimilarNote(); note != "" {
		notes = append(append(notes, note), p.SimilarPairs()...)
	}
	if view.Redraw != "" {
		notes = append(notes, view.Redraw)
	}
	if view.Referee != "" {
		notes = append(notes, "referee: "+view.Referee)
	}
	printNotes(&text, notes)
	printPatterns(&text, screen, p.Experiment, view.Cells)
	printConditions(&text, screen, p.Experiment, view.Cells)
	text.WriteString("\n")
	writeTasks(&text, view.Tasks, screen)
	toRun := len(p.ToRun())
	fmt.Fprintf(&text, "\n%s: %d %s, %d %s: %d to run, %d reused\n", view.Experiment,
		len(p.Cells), english.PluralWord(len(p.Cells), "cell", ""), len(view.Tasks), english.PluralWord(len(view.Tasks), "task", ""), toRun, len(view.Tasks)-toRun)
	_, err := io.WriteString(out, text.String())
	return err
}

// writeTasks lists tasks, and why each runs or does not.
func writeTasks(text *strings.Builder, list []plan.TaskView, screen table.Screen) {
	tasks := columns(3, "STATE", "TASK", "WHAT", "WHY")
	tasks.Cut = 2
	for _, task := range list {
		tasks.add(task.State, task.ID, task.Label, task.Reason)
	}
	tasks.WriteText(text, screen)
}

// columns is a table without a title, of which a narrow screen shows the first columns, so
// many at least.
func columns(least int, heads ...string) *rows {
	g := &rows{}
	for i, head := range heads {
		g.Columns = append(g.Columns, table.Column{Head: head, Extra: max(0, i-least+1)})
	}
	return g
}

type rows struct{ table.Table }

func (r *rows) add(fields ...string) { r.Rows = append(r.Rows, fields) }

func printPatterns(text *strings.Builder, screen table.Screen, exp *experiment.Experiment, cells []plan.CellView) {
	if exp.Patterns == nil {
		return
	}
	g := columns(5, append([]string{"STUDY 1: " + exp.Patterns.Defect}, loraHeads("DEFECT")...)...)
	for _, cell := range cells {
		if cell.Pattern != nil {
			g.add(append([]string{cell.Name}, loraRow(*cell.Pattern)...)...)
		}
	}
	text.WriteString("\n")
	g.WriteText(text, screen)
}

func loraHeads(learnt string) []string {
	return []string{"STEPS", learnt, "EACH USED", "REGULARIZATION", "USED", "UNUSED", "EACH USED", "SOURCES", "IMAGES"}
}

// loraRow writes the counts of a LoRA and of its images.
func loraRow(v plan.LoRAView) []string {
	row := slices.Repeat([]string{"–"}, 7)
	if t := v.Training; t != nil {
		row = []string{
			fmt.Sprint(t.Steps), fmt.Sprint(t.Instance.Given), times(t.Instance),
			fmt.Sprint(t.Class.Given), fmt.Sprint(t.Class.Distinct), fmt.Sprint(t.Class.Unused), times(t.Class),
		}
	}
	sources := fmt.Sprint(v.SourceImages)
	for _, role := range slices.Sorted(maps.Keys(v.Inputs)) {
		sources += " + " + english.Plural(v.Inputs[role], role, role+"s")
	}
	images := fmt.Sprint(v.Images)
	if v.Method != "" {
		images += " by " + v.Method
	}
	if v.Chosen != "" {
		images += ", " + v.Chosen
	}
	return append(row, sources, images)
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

func printConditions(text *strings.Builder, screen table.Screen, exp *experiment.Experiment, cells []plan.CellView) {
	if exp.Conditions == nil {
		return
	}
	sets := columns(3, append([]string{"STUDY 2"}, exp.Dataset.Classes()...)...)
	loras := columns(5, append([]string{"STUDY 2: LoRAs"}, loraHeads("OF THE CLASS")...)...)
	var tested []string
	for _, cell := range cells {
		if cell.Condition == nil {
			continue
		}
		row, test := []string{cell.Name}, []string{"tested on"}
		for _, class := range cell.Condition.Classes {
			counts := experiment.Counts{Real: class.Real, Decoded: class.Decoded, Generated: class.Generated}.Text("generated")
			row = append(row, counts+tiles(class.Tiles))
			test = append(test, fmt.Sprint(class.Test)+tiles(class.TestTiles))
		}
		sets.add(row...)
		tested = test
		for _, lora := range cell.Condition.LoRAs {
			head := lora.Class
			if lora.Method != "" {
				head += ", " + lora.Method // a narrow screen shows the first columns only
			}
			row := append([]string{head}, loraRow(lora)...)
			if !slices.ContainsFunc(loras.Rows, func(same []string) bool { return slices.Equal(same, row) }) {
				loras.add(row...)
			}
		}
	}
	sets.add(tested...)
	text.WriteString("\n")
	sets.WriteText(text, screen)
	if len(loras.Rows) > 0 {
		text.WriteString("\n")
		loras.WriteText(text, screen)
		printNotes(text, []string{fmt.Sprintf("the last %d images of each class train nothing: they show how well generated images are told from photos", plan.HeldOut)})
	}
}
