package runlog

import "kizu/orchestrator/plan"

// SecondsLeft estimates how long the runs of a plan that go on still take, if all
// their devices work till the end; nil where nothing like what is left was ever
// done.
func SecondsLeft(p *plan.Plan, runs []*Live) *float64 {
	if len(runs) == 1 { // it knows better
		return &runs[0].SecondsLeft
	}
	var devices []string
	host, all := plan.AnyMachine, 0
	left := map[string]bool{}
	for i, live := range runs {
		if host = live.Host; i > 0 && runs[0].Host != host {
			host = plan.AnyMachine
		}
		for _, device := range live.Devices {
			devices = append(devices, device.Device)
			all++
		}
		for _, id := range live.Left {
			left[id] = true
		}
	}
	var tasks []*plan.Task
	for _, task := range p.ToRun() {
		if left[task.ID] {
			tasks = append(tasks, task)
		}
	}
	forecast := p.Forecast(tasks, host, devices)
	if len(forecast.Unknown()) > 0 || all == 0 || len(tasks) == 0 {
		return nil
	}
	seconds := forecast.Seconds
	for _, live := range runs {
		for _, device := range live.Devices {
			if task, err := p.Find(device.Task); device.Total > 0 && err == nil {
				whole := p.Forecast([]*plan.Task{task}, host, devices).Seconds
				seconds -= whole * float64(device.Done) / float64(device.Total)
			}
		}
	}
	seconds = max(0, seconds) / float64(all)
	return &seconds
}
