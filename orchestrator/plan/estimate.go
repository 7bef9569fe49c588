package plan

import (
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
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
