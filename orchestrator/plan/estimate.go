package plan

// Estimate is how much the artifacts of tasks take on disk, at most.
type Estimate struct {
	LoRAs       int   `json:"loras"`
	LoRABytes   int64 `json:"lora_bytes"` // of all
	Images      int   `json:"images"`
	ImageBytes  int64 `json:"image_bytes"` // of all
	Classifiers int   `json:"classifiers"`
	Bytes       int64 `json:"bytes"`
}

// EstimateOf adds up what tasks will write.
func EstimateOf(tasks []*Task) Estimate {
	var e Estimate
	for _, task := range tasks {
		output := task.Spec.Output()
		e.LoRAs += output.LoRAs
		e.LoRABytes += output.LoRABytes
		e.Images += output.Images
		e.ImageBytes += output.ImageBytes
		e.Classifiers += output.Classifiers
		e.Bytes += output.LoRABytes + output.ImageBytes + output.TableBytes
	}
	return e
}
