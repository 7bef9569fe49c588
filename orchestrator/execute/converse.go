package execute

import (
	"context"
	"errors"
	"slices"
	"time"

	"kizu/orchestrator/execute/protocol"
)

// converse has the worker do what is requested, and passes on what it says of
// it, until it is done or has failed.
func (s *slot) converse(ctx context.Context, request protocol.Request, hear func(protocol.Event)) error {
	log := request.Log
	if err := s.process.send(request); err != nil {
		return s.died(log)
	}
	limit := s.run.cfg.Stall
	stalled := time.NewTimer(limit)
	defer stalled.Stop()
	cancelled := ctx.Done()
	var deadline <-chan time.Time
	for {
		select {
		case <-cancelled:
			cancelled, deadline = nil, time.After(grace)
			_ = s.process.send(protocol.Request{Task: request.Task, Cancel: true})
		case <-deadline:
			s.process.kill()
			return errors.Join(ctx.Err(), s.died(log))
		case <-stalled.C:
			s.process.kill()
			_ = s.died(log)
			return &StallError{After: limit, Log: log}
		case event, alive := <-s.process.events:
			if !alive {
				return s.died(log)
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
