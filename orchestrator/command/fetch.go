package command

import (
	"context"
	"fmt"
	"io"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/model"
)

// fetch downloads what the tasks to run need and this machine lacks, before the
// first of them: no task does. A model that cannot be had is one error.
func (p *planned) fetch(ctx context.Context, s *settings, stderr io.Writer) error {
	models, backbones := p.plan.Downloads(p.plan.ToRun())
	if len(models)+len(backbones) == 0 {
		return nil
	}
	helper, err := startHelper(ctx, s)
	if err != nil {
		return err
	}
	defer helper.Close()
	say := func(format string, values ...any) {
		if !s.on(setQuiet) {
			fmt.Fprintf(stderr, "kizu: "+format+"\n", values...)
		}
	}
	for _, hub := range models {
		if err := fetchModel(ctx, helper, hub, say); err != nil {
			return err
		}
	}
	for _, backbone := range backbones {
		say("downloading torchvision's ImageNet weights of %s", backbone)
		if err := helper.Ask(ctx, "downloads.fetch_imagenet", map[string]string{"model": backbone}, &struct{}{}); err != nil {
			return err
		}
	}
	return nil
}

func startHelper(ctx context.Context, s *settings) (*execute.Helper, error) {
	worker, err := workerCommand(s)
	if err != nil {
		return nil, err
	}
	return execute.StartHelper(ctx, worker, "")
}

func fetchModel(ctx context.Context, helper *execute.Helper, hub model.HubModel, say func(string, ...any)) error {
	found, err := look(ctx, helper, hub)
	if err != nil {
		return err
	}
	say("downloading %s: %s", hub.What(), found)
	request := map[string]any{"model": hub.HubName(), "what": hub.What(), "revision": found.Revision, "files": found.wanted}
	if err := helper.Ask(ctx, "downloads.fetch", request, &struct{}{}); err != nil {
		return err
	}
	if err := hub.Look(); err != nil {
		return err
	}
	if hub.Absent() {
		return fmt.Errorf("%s was downloaded and is not whole in the cache: another program may have cleared it; run again", hub.What())
	}
	return nil
}

// onTheHub is what there is of a model to download.
type onTheHub struct {
	Revision string        `json:"revision"`
	Files    model.Listing `json:"files"`
	wanted   []string
}

// String says how much it is.
func (o *onTheHub) String() string {
	return fmt.Sprintf("%s, %s", english.Plural(len(o.wanted), "file", ""), size(o.Files.Size(o.wanted)))
}

// look asks the hub for a model, and chooses among its files.
func look(ctx context.Context, helper *execute.Helper, hub model.HubModel) (*onTheHub, error) {
	found := &onTheHub{}
	request := map[string]any{"model": hub.HubName(), "what": hub.What()}
	if err := helper.Ask(ctx, "downloads.look", request, found); err != nil {
		return nil, err
	}
	var err error
	if found.wanted, err = hub.Wanted(found.Files); err != nil {
		return nil, fmt.Errorf("%s, as the Hugging Face hub has it, cannot be used: %w", hub.What(), err)
	}
	return found, nil
}
