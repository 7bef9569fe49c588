package execute

import "time"

// poll says when to look again at what other processes have made meanwhile:
// soon after a task has ended here, and then less and less often, since a look
// reads the store.
type poll struct {
	pause time.Duration
	at    time.Time
	idle  time.Time // since when nothing was done here
}

// Pauses between two looks.
const (
	shortest = 50 * time.Millisecond
	longest  = 2 * time.Second
)

func newPoll() *poll {
	now := time.Now()
	return &poll{pause: shortest, at: now.Add(shortest), idle: now}
}

// ended records how a task ended on a device.
func (l *poll) ended(how end) {
	if how == elsewhere || how == passedOn {
		return
	}
	now := time.Now()
	if how != found {
		l.idle = now
	}
	l.pause = shortest
	if soon := now.Add(shortest); soon.Before(l.at) {
		l.at = soon
	}
}

// next is when to look; never where no device is free.
func (l *poll) next(free bool) <-chan time.Time {
	if !free {
		return nil
	}
	return time.After(time.Until(l.at))
}

// looked records a look.
func (l *poll) looked() {
	l.pause = min(2*l.pause, longest)
	l.at = time.Now().Add(l.pause)
}

// idleFor reports whether nothing was done here for a time; 0 is for ever.
func (l *poll) idleFor(limit time.Duration) bool {
	return limit > 0 && time.Since(l.idle) >= limit
}
