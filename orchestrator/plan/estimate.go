package plan

import (
	"time"

	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// Estimate is how much the artifacts of tasks take on disk, at most.
type Estimate struct {
	LoRAs       int   `json:"loras"`
	LoRABytes   int64 `json:"lora_bytes"` // of all
	Images      int   `json:"images"`
	ImageBytes  int64 `json:"image_bytes"` // of all
	Classifiers int   `json:"classifiers"`
	Bytes       int64 `json:"bytes"`
}

// EstimateOf adds up what tasks will write. base is the model that LoRAs are of; nil for
// the usual sizes.
func EstimateOf(tasks []*Task, base *model.Base) Estimate {
	var e Estimate
	widths := map[string]int64{} // of base's layers, by what LoRAs are on
	for _, task := range tasks {
		output := task.Spec.Output()
		if lora, ok := task.Spec.(stage.TrainLoRA); ok && base != nil {
			width, known := widths[lora.Target]
			if !known {
				width = base.WidthOf(lora.Layers())
				widths[lora.Target] = width
			}
			if width > 0 {
				output.LoRABytes = lora.Bytes(width)
			}
		}
		e.LoRAs += output.LoRAs
		e.LoRABytes += output.LoRABytes
		e.Images += output.Images
		e.ImageBytes += output.ImageBytes
		e.Classifiers += output.Classifiers
		e.Bytes += output.LoRABytes + output.ImageBytes + output.TableBytes
	}
	return e
}

// DurationEstimator estimates how long tasks take while others of their kind are being
// done: it reads the store's journal again from time to time. It is for one
// goroutine at a time.
type DurationEstimator struct {
	Plan  *Plan
	Store *store.Store
	read  time.Time
}

// relearn is the time between two readings.
const relearn = 30 * time.Second

// Estimate is the time that a task takes by what this machine did before, or, where
// it did nothing of the kind, any machine.
func (e *DurationEstimator) Estimate(task *Task) (took time.Duration, known bool) {
	if time.Since(e.read) > relearn {
		e.read = time.Now()
		if entries, err := e.Store.Journal(); err == nil {
			e.Plan.journal = entries
		}
	}
	for _, machine := range []string{e.Store.Host(), AnyMachine} {
		forecast := e.Plan.Forecast([]*Task{task}, machine, nil)
		if len(forecast.Unknown()) == 0 {
			return time.Duration(forecast.Seconds * float64(time.Second)), true
		}
	}
	return 0, false
}
