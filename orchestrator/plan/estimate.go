package plan

import (
	"slices"
	"time"

	"kizu/orchestrator/experiment"
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

// EstimateOf adds up what tasks will write. base is the model that LoRAs are of; nil, or
// without a family, for the usual sizes.
func EstimateOf(tasks []*Task, base *model.Base) Estimate {
	var e Estimate
	widths := map[string]int64{} // of base's layers, by what LoRAs are on
	for _, task := range tasks {
		output := task.Spec.Output()
		if lora, ok := task.Spec.(stage.TrainLoRA); ok && base != nil && base.Family != nil {
			width, known := widths[lora.Target]
			if !known {
				width = base.WidthOf(lora.Layers(base.Family.Attention))
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

// imagenet is the reference of torchvision's ImageNet weights.
var imagenet = stage.ByName(experiment.ImageNet)

// Downloads lists what tasks read that is not on this machine yet: models of the
// Hugging Face hub, and backbones whose ImageNet weights torchvision has.
func (p *Plan) Downloads(tasks []*Task) (models []model.HubModel, backbones []string) {
	opened, base := map[stage.Ref]bool{}, false
	for _, task := range tasks {
		opened[task.Spec.Opens()] = true
		base = base || p.OpensBase(task)
		if spec, ok := task.Spec.(stage.Backboned); ok && spec.Opens() == imagenet && !slices.Contains(backbones, spec.Backbone()) {
			backbones = append(backbones, spec.Backbone())
		}
	}
	if base && p.Base.Absent() {
		models = append(models, p.Base)
	}
	for _, e := range p.Encoders {
		if e.Absent() && opened[modelRef(e.Name, e.SHA256)] {
			models = append(models, e)
		}
	}
	return models, lacking(backbones)
}

// lacking lists the backbones whose ImageNet weights are not on this machine.
func lacking(backbones []string) (list []string) {
	for _, name := range backbones {
		if _, there := model.TorchCheckpoint(experiment.Backbones[name].ImageNet); !there {
			list = append(list, name)
		}
	}
	return list
}
