package command

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/protocol"
	"kizu/orchestrator/model"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

func newCheck(s *settings) *cobra.Command {
	var asJSON bool
	var pictures string
	cmd := &cobra.Command{
		Use:   "check FILE…",
		Short: "Check photos, base model, devices and disk before a long run",
		Args:  someFiles("check FILE…"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return s.forEach(cmd.Context(), args, cmd.ErrOrStderr(), func(file string) error {
				c, err := check(cmd.Context(), s, file)
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
			})
		},
	}
	s.addEach(cmd)
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
	st, memory, err := s.remembering(ctx, &machine)
	if err != nil {
		return nil, err
	}
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
	devices, err := s.probe(ctx)
	for _, d := range devices {
		c.Devices = append(c.Devices, device{d.Name, d.Label, d.Memory})
		if d.Problem != "" {
			c.Warnings = append(c.Warnings, d.Problem)
		}
	}
	return err
}

// probe asks a worker what devices there are.
func (s *settings) probe(ctx context.Context) ([]protocol.Device, error) {
	worker, err := workerCommand(s)
	if err != nil {
		return nil, err
	}
	return execute.Probe(ctx, worker, s.devices())
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
	estimate := plan.EstimateOf(c.Plan.ToRun(), c.Plan.Base)
	if c.Estimate = &estimate; estimate.Bytes > c.Free {
		c.Problems = append(c.Problems, fmt.Sprintf("%s are free in %s, and a run may need %s", size(c.Free), c.Store, size(estimate.Bytes)))
	}
	return nil
}

// checkDownloads asks whether what a run would download can be, and how much it
// is; what cannot is a problem.
func (c *checkup) checkDownloads(ctx context.Context, s *settings) error {
	var models []model.HubModel
	if c.BaseModel != nil && c.BaseModel.Absent() {
		models = append(models, c.BaseModel)
	}
	for _, encoder := range c.Encoders {
		if encoder.Absent() {
			models = append(models, encoder)
		}
	}
	if len(models)+len(c.ImageNet) == 0 {
		return nil
	}
	helper, err := startHelper(ctx, s)
	if err != nil {
		return err
	}
	defer helper.Close()
	for _, hub := range models {
		found, err := look(ctx, helper, hub)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			c.problem(err)
			if hub == model.HubModel(c.BaseModel) {
				c.BaseState = "not in the cache"
			}
		case hub == model.HubModel(c.BaseModel):
			c.BaseState += " (" + found.String() + ")"
		case hub == model.HubModel(c.Encoder):
			c.Features += " (" + found.String() + ")"
		default:
			c.Weights = append(c.Weights, hub.HubName()+": "+found.String())
		}
	}
	for _, backbone := range c.ImageNet {
		err := helper.Ask(ctx, "downloads.look_imagenet", map[string]string{"model": backbone}, &struct{}{})
		if ctx.Err() != nil {
			return ctx.Err()
		}
		c.problem(err)
	}
	return nil
}

func (c *checkup) problem(err error) {
	if err != nil {
		c.Problems = append(c.Problems, err.Error())
	}
}
