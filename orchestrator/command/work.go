package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/model"
)

// ready makes sure that what a run needs is there, before it computes anything.
func (p *planned) ready() error {
	if _, err := p.plan.Base.Check(); err != nil {
		return err
	}
	for _, encoder := range p.plan.Encoders {
		if _, err := encoder.Check(); err != nil {
			return err
		}
	}
	return nil
}

// execute runs the tasks of the plan on this machine's devices.
func (p *planned) execute(ctx context.Context, s *settings, cfg execute.Config, stderr io.Writer) (*execute.Summary, error) {
	worker, err := workerCommand(s)
	if err != nil {
		return nil, err
	}
	worker.Env = append(worker.Env, execute.Offline)
	cfg.Store, cfg.Worker, cfg.Hashes = p.store, worker, p.memory.Hashes
	cfg.Stall, cfg.Checkpoint = s.duration(setStall), s.duration(setCheckpoint)
	cfg.Together = s.number(setTogether)
	cfg.Version, cfg.Reproducible = version(), s.on(setReproducible)
	logs := p.store.Logs(cfg.RunID)
	if cfg.Devices == nil {
		if cfg.Devices, err = execute.Devices(ctx, worker, s.devices()); err != nil {
			return nil, err
		}
	}
	toRun := p.plan.ToRun()
	pace := progress.NewPace(toRun, p.plan.Expected(p.store, s.devices()), len(cfg.Devices))
	log, ended, err := openLog(logs, pace)
	if err != nil {
		return nil, err
	}
	recorder := progress.NewRecorder(logs, cfg.RunID, p.store.Host(), cfg.Job, cfg.Devices, toRun, pace)
	cfg.Display = progress.Displays{pace, s.display(stderr, pace), log, recorder}
	summary, err := execute.Run(ctx, p.plan, cfg)
	ended(summary, err)
	return summary, err
}

// keepLogs makes the folder of a run's logs, and removes those of old runs.
func (p *planned) keepLogs(s *settings, runID string) error {
	if err := os.MkdirAll(p.store.Logs(runID), 0o777); err != nil {
		return err
	}
	return runlog.KeepRuns(p.store.Logs(""), p.plan.Experiment.Name, s.number(setKeepLogs))
}

// openLog opens run.jsonl in a folder of logs, and says how to close it.
func openLog(logs string, pace *progress.Pace) (*progress.Lines, func(*execute.Summary, error), error) {
	file, err := os.OpenFile(filepath.Join(logs, "run.jsonl"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, nil, err
	}
	log := progress.NewLines(file, true, pace)
	return log, func(summary *execute.Summary, err error) {
		log.Ended(progress.Tally{Done: summary.Done, Found: summary.Found, Failed: len(summary.Failures), Blocked: len(summary.Blocked)}, err)
		_ = file.Close()
	}, nil
}

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
