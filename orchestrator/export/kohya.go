package export

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
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
	ClassRepeats    int         `json:"regularization_repeats"`
	Instance, Class struct {    // Class: regularization images
		Images int
		Prompt string
	}
}

// completed is a LoRA in kohya's format with the fields that train_lora leaves out: only an
// export gives it the name that is ss_output_name, and the others in the artifact would change
// its bytes, and with the stage's version the keys of all LoRAs. Its hashes are those of a file
// with the fields of sd-scripts alone, which stay when others are edited.
func completed(path, name string) ([]byte, error) {
	file, err := model.ReadTensors(path)
	if err != nil {
		return nil, err
	}
	var r recipe
	if err := json.Unmarshal([]byte(file.Metadata["kizu_recipe"]), &r); err != nil {
		return nil, fmt.Errorf("%s: kizu_recipe: %w", path, err)
	}
	metadata := file.Metadata
	metadata["ss_output_name"] = safe(name)
	r.addTo(metadata)
	own := maps.Clone(metadata)
	maps.DeleteFunc(own, func(key, _ string) bool { return !strings.HasPrefix(key, "ss_") })
	hashed, err := file.With(own)
	if err != nil {
		return nil, err
	}
	metadata["sshs_model_hash"] = fmt.Sprintf("%x", sha256.Sum256(file.Data))
	metadata["sshs_legacy_hash"] = legacyHash(hashed)
	return file.With(metadata)
}

// legacyHash is the older of those by which sd-webui-additional-networks knows a LoRA: the start of
// that of 64 KiB from 1 MiB on.
func legacyHash(file []byte) string {
	const from, length = 0x100000, 0x10000
	piece := file[min(from, len(file)):min(from+length, len(file))]
	return fmt.Sprintf("%x", sha256.Sum256(piece))[:8]
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
	metadata["ss_num_train_images"] = fmt.Sprint(max(1, r.Repeats) * r.Instance.Images)
	metadata["ss_num_reg_images"] = fmt.Sprint(max(1, r.ClassRepeats) * r.Class.Images)
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
	add(r.ClassRepeats, r.Class.Images, r.Class.Prompt)
	add(r.Repeats, r.Instance.Images, r.Instance.Prompt)
	metadata["ss_tag_frequency"] = string(marshal(tags))
}

// marshal writes maps and structs of strings, numbers and JSON, of which all can be written.
func marshal(value any) []byte {
	text, _ := json.Marshal(value)
	return text
}
