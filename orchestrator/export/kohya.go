package export

import (
	"encoding/json"
	"fmt"
	"strings"

	"kizu/orchestrator/model"
)

// recipe is what a LoRA's file says of its training, numbers as Python wrote them.
type recipe struct {
	Precision       string
	TextEncoder     bool        `json:"text_encoder"`
	Rate            json.Number `json:"learning_rate"`
	TextRate        json.Number `json:"text_encoder_learning_rate"` // 0 stands for that of the UNet
	Repeats         int         // of instance images
	Instance, Class struct {    // Class: regularization images
		Images int
		Prompt string
	}
}

// completed is a LoRA in kohya's format with the fields that train_lora leaves out: only an
// export gives it the name that is ss_output_name, and the others in the artifact would change
// its bytes, and with the stage's version the keys of all LoRAs.
func completed(path, name string) ([]byte, error) {
	return model.WithMetadata(path, func(metadata map[string]string) error {
		var r recipe
		if err := json.Unmarshal([]byte(metadata["kizu_recipe"]), &r); err != nil {
			return fmt.Errorf("%s: kizu_recipe: %w", path, err)
		}
		metadata["ss_output_name"] = safe(name)
		r.addTo(metadata)
		return nil
	})
}

// addTo adds fields as sd-scripts' train_network.py does, which has str() of Python's values.
// Its tags are what captions have between commas; of images without captions, the words that
// their folder is called by after its number of repeats.
func (r recipe) addTo(metadata map[string]string) {
	metadata["ss_mixed_precision"], metadata["ss_text_encoder_lr"] = r.Precision, "None"
	if r.Precision == "fp32" {
		metadata["ss_mixed_precision"] = "no"
	}
	if own, _ := r.TextRate.Float64(); own == 0 {
		r.TextRate = r.Rate
	}
	if r.TextEncoder {
		metadata["ss_text_encoder_lr"] = r.TextRate.String()
	}
	tags := map[string]map[string]int{}
	add := func(repeats, images int, prompt string) {
		counts := map[string]int{}
		for tag := range strings.SplitSeq(prompt, ",") {
			counts[strings.ToLower(strings.TrimSpace(tag))] += images
		}
		if images > 0 {
			tags[fmt.Sprintf("%d_%s", max(1, repeats), prompt)] = counts
		}
	}
	add(1, r.Class.Images, r.Class.Prompt)
	add(r.Repeats, r.Instance.Images, r.Instance.Prompt)
	metadata["ss_tag_frequency"] = string(marshal(tags))
}

// marshal writes maps and structs of strings, numbers and JSON, of which all can be written.
func marshal(value any) []byte {
	text, _ := json.Marshal(value)
	return text
}
