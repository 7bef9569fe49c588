package execute

import (
	"context"
	"errors"
	"slices"
	"time"

	"kizu/orchestrator/execute/protocol"
)

// ask has the worker do what is requested, and passes on what it says of
// it, until it is done or has failed.
func (w *deviceWorker) ask(ctx context.Context, request protocol.Request, hear func(protocol.Event)) error {
	log := request.Log
	if err := w.process.send(request); err != nil {
		return w.died(log)
	}
	limit := w.run.cfg.Stall
	stalled := time.NewTimer(limit)
	defer stalled.Stop()
	cancelled := ctx.Done()
	var deadline <-chan time.Time
	for {
		select {
		case <-cancelled:
			cancelled, deadline = nil, time.After(grace)
			_ = w.process.send(protocol.Request{Task: request.Task, Cancel: true})
		case <-deadline:
			w.process.kill()
			return errors.Join(ctx.Err(), w.died(log))
		case <-stalled.C:
			w.process.kill()
			_ = w.died(log)
			return &StallError{After: limit, Log: log}
		case event, alive := <-w.process.events:
			if !alive {
				return w.died(log)
			}
			own := event.Task == request.Task
			if !own && !slices.Contains(request.Members, event.Task) {
				continue // a late word about a former task
			}
			stalled.Reset(limit)
			if own && event.Type == protocol.Failed {
				return failure(event, log)
			}
			hear(event)
			if own && event.Type == protocol.Done {
				return nil
			}
		}
	}
}

// failure is the error of a task that an event says has failed.
func failure(event protocol.Event, log string) error {
	if event.Failure == nil {
		event.Failure = &protocol.Failure{Type: "worker", Message: "it failed and does not say why"}
	}
	return &TaskError{*event.Failure, log}
}
