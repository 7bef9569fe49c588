package command

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
)

// printPlan prints a plan for people: who plays which role, and every task.
func printPlan(out io.Writer, p *plan.Plan) error {
	view := p.View()
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	printPhotos(w, view.Photos)
	// All seeds of a cell have the same counts.
	first := slices.DeleteFunc(slices.Clone(view.Cells), func(c plan.CellView) bool { return c.Seed != view.Cells[0].Seed })
	printPatterns(w, p.Experiment, first)
	printConditions(w, p.Experiment, first)
	fmt.Fprintln(w, "STATE\tTASK\tWHAT\tWHY")
	for _, task := range view.Tasks {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", task.State, task.ID, task.Label, task.Reason)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	toRun := len(p.ToRun())
	_, err := fmt.Fprintf(out, "\n%s: %d cells, %d tasks: %d to run, %d reused\n",
		view.Experiment, len(view.Cells), len(view.Tasks), toRun, len(view.Tasks)-toRun)
	return err
}

func printPhotos(w *tabwriter.Writer, photos []plan.PhotosView) {
	fmt.Fprintln(w, "PHOTOS\tFOUND\tTESTED ON\tFOR TRAINING")
	for _, class := range photos {
		fmt.Fprintf(w, "%s\t%d\t%d\t%d\n", class.Class, class.Found, class.Tested, class.Training)
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

const loraHeads = "STEPS\tDEFECT\tREGULARIZATION\tSOURCES\tIMAGES"

// loraRow writes the counts of a LoRA and of its images.
func loraRow(v plan.LoRAView) string {
	if v.Steps == 0 {
		return fmt.Sprintf("–\t–\t–\t%d\t%d", v.SourceImages, v.Images)
	}
	return fmt.Sprintf("%d\t%d\t%d\t%d\t%d", v.Steps, v.InstanceImages, v.RegularizationImages, v.SourceImages, v.Images)
}

func printConditions(w *tabwriter.Writer, exp *experiment.Experiment, cells []plan.CellView) {
	if exp.Conditions == nil {
		return
	}
	fmt.Fprintf(w, "STUDY 2\t%s\n", strings.Join(exp.Dataset.Classes(), "\t"))
	var tested []string
	var loras []plan.LoRAView
	for _, cell := range cells {
		if cell.Condition == nil {
			continue
		}
		row, test := []string{cell.Name}, []string{"tested on"}
		for _, class := range cell.Condition.Classes {
			row = append(row, composition(class))
			test = append(test, fmt.Sprint(class.Test))
		}
		fmt.Fprintln(w, strings.Join(row, "\t"))
		tested = test
		for _, lora := range cell.Condition.LoRAs {
			if !slices.Contains(loras, lora) {
				loras = append(loras, lora)
			}
		}
	}
	fmt.Fprintln(w, strings.Join(tested, "\t"))
	endTable(w)
	if len(loras) == 0 {
		return
	}
	fmt.Fprintf(w, "STUDY 2: LoRAs\t%s\n", strings.Replace(loraHeads, "DEFECT", "OF THE CLASS", 1))
	for _, lora := range loras {
		fmt.Fprintf(w, "%s\t%s\n", lora.Class, loraRow(lora))
	}
	endTable(w)
}

// composition writes the training images of a class by where they come from.
func composition(c plan.ClassView) string {
	switch {
	case c.Generated == 0:
		return fmt.Sprintf("%d real", c.Real)
	case c.Real == 0:
		return fmt.Sprintf("%d generated", c.Generated)
	}
	return fmt.Sprintf("%d + %d generated", c.Real, c.Generated)
}
