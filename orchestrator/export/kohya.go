package export

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strings"
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
// its bytes, and with the stage's version the keys of all LoRAs. Tensors stay byte for byte
// (github.com/huggingface/safetensors, "Format").
func completed(path, name string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if len(text) < 8 || binary.LittleEndian.Uint64(text) > uint64(len(text)-8) {
		return nil, fmt.Errorf("%s: its header is cut off", path)
	}
	begin, header, metadata, r := 8+binary.LittleEndian.Uint64(text), map[string]json.RawMessage{}, map[string]string{}, recipe{}
	if err := cmp.Or(json.Unmarshal(text[8:begin], &header), json.Unmarshal(header["__metadata__"], &metadata), json.Unmarshal([]byte(metadata["kizu_recipe"]), &r)); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	metadata["ss_output_name"] = safe(name)
	r.addTo(metadata)
	header["__metadata__"] = marshal(metadata)
	head := marshal(header)
	head = append(head, bytes.Repeat([]byte{' '}, -len(head)&7)...) // tensors begin at multiples of 8
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...), text[begin:]...), nil
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
