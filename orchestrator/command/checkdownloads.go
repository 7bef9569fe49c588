package command

import (
	"context"
	"strings"

	"kizu/orchestrator/model"
)

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
		case strings.HasPrefix(c.Features, hub.HubName()+": "):
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
