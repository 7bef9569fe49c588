package command

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"kizu/orchestrator/plan"
)

func newWhy(s *settings) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "why FILE [TASK]",
		Short: "Say why a task runs or is reused, what it is made from, and what shows it",
		Long: `why explains one task of an experiment: the fields that changed since the nearest
artifact of the same cell, the photos and tasks that it is made from, and the
tasks and table rows that are made from it. TASK is an id as kizu plan lists it,
a label, or enough of either; without one, the tasks are listed.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return errors.New("give an experiment file and a task, or the file alone: kizu why FILE [TASK]")
			}
			return nil
		},
		ValidArgsFunction: s.taskIDs,
		RunE: func(cmd *cobra.Command, args []string) error {
			planned, err := openPlanned(cmd.Context(), s, args[0])
			if err != nil {
				return err
			}
			if len(args) == 1 {
				return printTaskList(cmd.OutOrStdout(), planned.plan, asJSON)
			}
			task, err := planned.plan.Find(args[1])
			if err != nil {
				return err
			}
			why := planned.plan.Why(task)
			if asJSON {
				return printJSON(cmd.OutOrStdout(), why)
			}
			return printWhy(cmd.OutOrStdout(), why)
		},
	}
	s.addSet(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with the task, changes, needs, images, used_by and cells, or the list of tasks")
	return cmd
}

// taskIDs has a shell offer an experiment's tasks, after its file.
func (s *settings) taskIDs(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) != 1 {
		return experimentFiles(cmd, args, "")
	}
	s.viper.Set(setQuiet, "true")
	planned, err := openPlanned(cmd.Context(), s, args[0])
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var ids []string
	for _, task := range planned.plan.Tasks {
		ids = append(ids, task.ID+"\t"+task.Label)
	}
	return ids, cobra.ShellCompDirectiveNoFileComp
}

// printTaskList lists all tasks, of which why explains one.
func printTaskList(out io.Writer, p *plan.Plan, asJSON bool) error {
	tasks := p.View().Tasks
	if asJSON {
		return printJSON(out, tasks)
	}
	var text strings.Builder
	writeTasks(&text, tasks, planScreen(out))
	_, err := io.WriteString(out, text.String())
	return err
}

func printWhy(out io.Writer, why plan.Why) error {
	fmt.Fprintf(out, "%s  %s\n%s: %s\nkey %s\n", why.Task.ID, why.Task.Label, why.Task.State, why.Task.Reason, why.Task.Key)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(why.Task.Changes) > 0 {
		fmt.Fprintf(w, "\nchanged since %s:%s\n", why.Task.Kind, why.Before[:10])
		for _, change := range why.Task.Changes {
			fmt.Fprintf(w, "  %s\t%s\t→ %s\n", change.Field, change.Before, change.After)
		}
	}
	if len(why.Images) > 0 {
		fmt.Fprintf(w, "\nphotos:\n")
		for _, role := range why.Images {
			fmt.Fprintf(w, "  %d\t%s\t%s\n", len(role.Names), role.Way, few(role.Names))
		}
	}
	printTasks(w, "made from", why.Needs)
	printTasks(w, "used by", why.UsedBy)
	if len(why.Cells) > 0 {
		fmt.Fprintf(w, "\nshown in the rows:\n")
		for _, cell := range why.Cells {
			fmt.Fprintf(w, "  %s\t%s\tseed %d\n", cell.Study, cell.Name, cell.Seed)
		}
	}
	return w.Flush()
}

func printTasks(w io.Writer, title string, tasks []plan.TaskView) {
	if len(tasks) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s:\n", title)
	for _, task := range tasks {
		fmt.Fprintf(w, "  %s\t%s\t%s: %s\n", task.ID, task.Label, task.State, task.Reason)
	}
}

// few names the first of many.
func few(names []string) string {
	const shown = 4
	if len(names) > shown {
		return fmt.Sprintf("%s, … (%d more)", strings.Join(names[:shown], ", "), len(names)-shown)
	}
	return strings.Join(names, ", ")
}
