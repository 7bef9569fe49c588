package command

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/runlog"
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
