package plan

import (
	"fmt"
	"slices"
	"time"

	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// Forecast is how long tasks will take and how much they will write, as far as
// earlier tasks of the same kind on the same devices tell.
type Forecast struct {
	Seconds float64        `json:"seconds"` // on all devices together
	Bytes   int64          `json:"bytes"`
	Kinds   []KindForecast `json:"kinds"`
}

// KindForecast is the forecast for the tasks of one kind.
type KindForecast struct {
	Kind    string  `json:"kind"`
	Tasks   int     `json:"tasks"`
	From    int     `json:"from"` // earlier tasks that it goes by; 0: nothing is known
	Seconds float64 `json:"seconds"`
	Bytes   int64   `json:"bytes"`
}

// recent is how many earlier tasks of a kind count: machines and code change.
const recent = 50

// rate is what earlier tasks of a kind took for each unit of effort.
type rate struct {
	from                   int
	seconds, bytes, effort float64
}

// AnyMachine stands for all machines that share the store.
const AnyMachine = ""

// Forecast looks at what a machine has done on these devices, or on any of its
// devices where none are named.
func (p *Plan) Forecast(tasks []*Task, machine string, devices []string) Forecast {
	rates := p.rates(machine, devices)
	var f Forecast
	for _, kind := range stage.Kinds() {
		k := KindForecast{Kind: kind}
		effort, grows := 0.0, false
		for _, task := range tasks {
			if task.Kind == kind {
				k.Tasks++
				effort += task.effort()
				grows = grows || task.Spec.Output().Images > 0
			}
		}
		if r := rates[kind]; r != nil && k.Tasks > 0 {
			k.From, k.Seconds = r.from, effort*r.seconds/r.effort
			k.Bytes = int64(float64(k.Tasks) * r.bytes / float64(r.from))
			if grows { // with its images
				k.Bytes = int64(effort * r.bytes / r.effort)
			}
		}
		if k.Tasks > 0 {
			f.Kinds = append(f.Kinds, k)
			f.Seconds += k.Seconds
			f.Bytes += k.Bytes
		}
	}
	return f
}

// rates are what a machine has done on these devices, by kind of task.
func (p *Plan) rates(machine string, devices []string) map[string]*rate {
	rates := map[string]*rate{}
	for _, entry := range slices.Backward(p.journal) {
		if (machine != AnyMachine && entry.Host != machine) || entry.Effort <= 0 || (len(devices) > 0 && !slices.Contains(devices, entry.Device)) {
			continue
		}
		r := rates[entry.Kind]
		if r == nil {
			r = &rate{}
			rates[entry.Kind] = r
		}
		if r.from < recent {
			r.add(entry)
		}
	}
	return rates
}

// Cost is what a task will take.
type Cost struct {
	Seconds float64
	From    float64 // the share of it, 0 to 1, that is done before and not in Seconds
}

// Expected is the cost of each task that is to be run, by its id: as earlier tasks of its
// kind took here, or else as in the demo on two CPU cores. Of kinds that none was done of,
// only the proportions tell something.
func (p *Plan) Expected(st *store.Store, devices []string) map[string]Cost {
	rates, expected := p.rates(st.Host(), devices), map[string]Cost{}
	for _, task := range p.ToRun() {
		each, done := usualSeconds[task.Kind], 0
		if r := rates[task.Kind]; r != nil {
			each = r.seconds / r.effort
		}
		if task.Resume != nil {
			done = task.Resume.Steps()
		}
		cost := Cost{}
		if steps := task.Steps(); steps > 0 {
			cost.From = float64(max(done, st.CheckpointSteps(task.Key))) / float64(steps)
		}
		cost.Seconds = each * task.Spec.Effort() * (1 - cost.From)
		expected[task.ID] = cost
	}
	return expected
}

// usualSeconds are what a unit of effort took in the demo, on two cores of an Intel Xeon.
var usualSeconds = map[string]float64{
	stage.KindTrainLoRA: 0.010, stage.KindGenerate: 0.022, stage.KindAutoencode: 0.04, stage.KindClassify: 0.05,
	stage.KindDetect: 0.05, stage.KindMeasure: 0.03, stage.KindChoose: 0.03, stage.KindJudge: 0.03,
}

func (r *rate) add(entry store.Entry) {
	r.from++
	r.seconds += entry.Seconds
	r.effort += entry.Effort
	r.bytes += float64(entry.Bytes)
}

// effort is the effort of a task beyond that of the training that it continues.
func (t *Task) effort() float64 {
	if t.Resume == nil {
		return t.Spec.Effort()
	}
	return t.Spec.Effort() - t.Resume.Spec.Effort()
}

// Unknown lists the kinds about which nothing is known.
func (f Forecast) Unknown() []string {
	var kinds []string
	for _, k := range f.Kinds {
		if k.From == 0 {
			kinds = append(kinds, k.Kind)
		}
	}
	return kinds
}

// Short writes a duration to the second, or to a tenth below ten seconds.
func Short(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	d = d.Round(time.Second)
	h, m, s := int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60
	switch {
	case h > 0:
		return fmt.Sprintf("%d h %02d min", h, m)
	case m > 0:
		return fmt.Sprintf("%d min %02d s", m, s)
	}
	return fmt.Sprintf("%d s", s)
}
