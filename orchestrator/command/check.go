package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

func newCheck(s *settings) *cobra.Command {
	var asJSON bool
	var pictures string
	cmd := &cobra.Command{
		Use:   "check FILE",
		Short: "Check photos, base model, devices and disk before a long run",
		Args:  oneFile("check FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, err := check(cmd.Context(), s, args[0])
			if err == nil && pictures != "" {
				c.Pictures, err = drawPictures(cmd.Context(), s, c.Plan, pictures)
			}
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if asJSON {
				err = printJSON(out, c)
			} else {
				err = printCheck(out, c)
			}
			if err == nil && len(c.Problems) > 0 {
				err = errProblems
			}
			return err
		},
	}
	s.addSet(cmd)
	cmd.Flags().StringVar(&pictures, "pictures", "", "write what networks see of photos into a folder, as contact sheets")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print an object with photos, needs and problems")
	return cmd
}

// errProblems ends a check that found something; what it found is already on
// the screen.
var errProblems = errors.New("the check found problems")

// checkup is a plan's checkup with this machine's part.
type checkup struct {
	*plan.Checkup
	Devices  []device       `json:"devices"`
	Store    string         `json:"store"`
	Free     int64          `json:"free_bytes"`
	Estimate *plan.Estimate `json:"estimate,omitempty"` // of what is not in the store yet
	Pictures []string       `json:"pictures,omitempty"` // contact sheets that were written
}

type device struct {
	Name   string `json:"name"`
	Label  string `json:"label"`
	Memory int64  `json:"memory_bytes"`
}

func check(ctx context.Context, s *settings, file string) (*checkup, error) {
	exp, machine, err := s.experiment(file)
	if err != nil {
		return nil, err
	}
	st, err := store.At(s.path(setStore))
	if err != nil {
		return nil, err
	}
	memory := memoryOf(st)
	machine.Memory = memory.Until(ctx)
	found, err := plan.Check(exp, machine)
	memory.Save()
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	c := &checkup{Checkup: found, Devices: []device{}}
	if err := c.checkDevices(ctx, s); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		c.Problems = append(c.Problems, err.Error())
	} else if err := c.checkDownloads(ctx, s); err != nil {
		return nil, err
	}
	return c, c.checkDisk(st)
}

func (c *checkup) checkDevices(ctx context.Context, s *settings) error {
	worker, err := workerCommand(s)
	if err != nil {
		return err
	}
	devices, err := execute.Probe(ctx, worker, s.devices())
	for _, d := range devices {
		c.Devices = append(c.Devices, device{d.Name, d.Label, d.Memory})
	}
	return err
}

func (c *checkup) checkDisk(st *store.Store) (err error) {
	c.Store = st.Root()
	if err := st.Unwritable(); err != nil {
		c.Problems = append(c.Problems, err.Error())
	}
	if c.Free, err = st.Free(); err != nil || c.Plan == nil {
		return err
	}
	if err := c.Plan.Compare(st); err != nil {
		return err
	}
	estimate := plan.EstimateOf(c.Plan.ToRun())
	if c.Estimate = &estimate; estimate.Bytes > c.Free {
		c.Problems = append(c.Problems, fmt.Sprintf("%s are free in %s, and a run may need %s", size(c.Free), c.Store, size(estimate.Bytes)))
	}
	return nil
}

func printCheck(out io.Writer, c *checkup) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "PHOTOS in %s\n", c.Root)
	for _, class := range c.Photos {
		var forms []string
		for _, form := range class.Forms {
			forms = append(forms, fmt.Sprintf("%d of %d×%d %s", form.Count, form.Width, form.Height, form.Mode))
		}
		fmt.Fprintf(w, "  %s\t%d found\t%s\n", class.Class, class.Found, strings.Join(forms, ", "))
	}
	for _, copied := range c.Duplicates {
		fmt.Fprintf(w, "  %s\n", copied)
	}
	for _, other := range c.LeftOut {
		fmt.Fprintf(w, "  %s is %s and left out\n", other.Name, other.Why)
	}
	for _, note := range slices.Concat(c.Range, c.Views) {
		fmt.Fprintf(w, "  %s\n", note)
	}
	endTable(w)
	fmt.Fprintln(w, "CLASS\tUSE\tAVAILABLE\tNEEDED")
	for _, need := range c.Needs {
		mark := ""
		if need.Have < need.Want {
			mark = "  too few"
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%d%s\n", need.Class, need.Use, need.Have, need.Want, mark)
	}
	endTable(w)
	if c.BaseState != "" {
		fmt.Fprintf(w, "base model\t%s: %s\n", c.Base, c.BaseState)
	}
	for _, weights := range c.Weights {
		fmt.Fprintf(w, "classifier\t%s\n", weights)
	}
	if c.Features != "" {
		fmt.Fprintf(w, "features\t%s\n", c.Features)
	}
	for _, d := range c.Devices {
		fmt.Fprintf(w, "device\t%s: %s, %s\n", d.Name, d.Label, size(d.Memory))
	}
	if e := c.Estimate; e != nil {
		fmt.Fprintf(w, "to be written\tat most %s: %d %s %s, %d %s %s, %d %s\n", size(e.Bytes),
			e.LoRAs, english.PluralWord(e.LoRAs, "LoRA", ""), size(e.LoRABytes),
			e.Images, english.PluralWord(e.Images, "image", ""), size(e.ImageBytes),
			e.Classifiers, english.PluralWord(e.Classifiers, "classifier", ""))
	}
	fmt.Fprintf(w, "free disk\t%s in %s\n", size(c.Free), c.Store)
	endTable(w)
	for _, answer := range c.Answers {
		fmt.Fprintln(w, answer)
	}
	for _, warning := range c.Warnings {
		fmt.Fprintln(w, "WARNING", warning)
	}
	for _, path := range c.Pictures {
		fmt.Fprintln(w, "pictures of what networks see:", path)
	}
	for _, problem := range c.Problems {
		fmt.Fprintln(w, "PROBLEM", problem)
	}
	if len(c.Problems) == 0 {
		fmt.Fprintf(w, "%s can run\n", c.Experiment)
	}
	return w.Flush()
}
