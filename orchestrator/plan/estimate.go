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

// What a LoRA of Stable Diffusion 1.5 has for each rank: the layers that it
// adapts times their widths, counted in the UNet's published configuration.
const (
	attentionWidth = 200_000 // to_q, to_k, to_v and to_out of all attention layers
	convWidth      = 700_000 // and the 3×3 convolutions of its residual blocks
	// Weights for diffusers and for other programs, and the optimizer's weights
	// and two moments, all in float32.
	bytesPerParameter = 5 * 4
	bytesPerPixel     = 3        // RGB; PNG makes it less
	bytesPerFeatures  = 1280 * 4 // of an image, EfficientNet-b0's in float32
	classifierBytes   = 1 << 20  // tables
)

// EstimateOf adds up what tasks will write.
func EstimateOf(tasks []*Task) Estimate {
	var e Estimate
	features := int64(0) // images whose features are stored
	for _, task := range tasks {
		switch spec := task.Spec.(type) {
		case TrainLoRA:
			width := int64(convWidth)
			if spec.Target == "attention" {
				width = attentionWidth
			}
			e.LoRAs++
			e.LoRABytes += int64(spec.Rank) * width * bytesPerParameter
		case Generate:
			e.Images += spec.Count
			e.ImageBytes += int64(spec.Count) * int64(spec.Resolution) * int64(spec.Resolution) * bytesPerPixel
		case Autoencode:
			e.Images += spec.Made()
			e.ImageBytes += int64(spec.Made()) * int64(spec.Resolution) * int64(spec.Resolution) * bytesPerPixel
		case Classify:
			e.Classifiers++
			if len(spec.HeldOut) > 0 { // before training and after
				features += 2 * int64(len(spec.Test)+len(spec.HeldOutImages())+len(spec.AutoencodedImages()))
			}
		case Measure:
			features += int64(spec.Measured())
		}
	}
	e.Bytes = features*bytesPerFeatures + e.LoRABytes + e.ImageBytes + int64(e.Classifiers)*classifierBytes
	return e
}
