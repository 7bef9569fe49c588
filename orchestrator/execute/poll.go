package execute

import "time"

// poll says when to look again at what other processes have made meanwhile:
// soon after a task has ended here, and then less and less often, since a look
// reads the store.
type poll struct {
	pause time.Duration // pause is the time between the latest look and the next.
	at    time.Time     // at is when to look again.
	idle  time.Time     // idle is when something was last done here.
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
func (p *poll) ended(how end) {
	if how == elsewhere || how == passedOn {
		return
	}
	now := time.Now()
	if how != found {
		p.idle = now
	}
	p.pause = shortest
	if soon := now.Add(shortest); soon.Before(p.at) {
		p.at = soon
	}
}

// next is when to look; never where no device is free.
func (p *poll) next(free bool) <-chan time.Time {
	if !free {
		return nil
	}
	return time.After(time.Until(p.at))
}

// looked records a look.
func (p *poll) looked() {
	p.pause = min(2*p.pause, longest)
	p.at = time.Now().Add(p.pause)
}

// idleFor reports whether nothing was done here for a time; 0 is for ever.
func (p *poll) idleFor(limit time.Duration) bool {
	return limit > 0 && time.Since(p.idle) >= limit
}
