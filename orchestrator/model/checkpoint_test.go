package model

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/filehash/filetest"
)

// shapes are the tensors of a real checkpoint in full size, as
// test_configurations.py writes them.
func shapes(t *testing.T, kind string) map[string][]int64 {
	t.Helper()
	file, err := os.ReadFile("testdata/" + kind + ".json.gz")
	if err != nil {
		t.Fatal(err)
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		t.Fatal(err)
	}
	read := map[string][]int64{}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	return read
}

// checkpoint writes a safetensors file of fp16 tensors: its header, some values,
// and for all others a hole, so that a file of gigabytes takes no space.
func (f files) checkpoint(name string, shapes map[string][]int64, metadata map[string]string, values map[string][]uint16) {
	f.Helper()
	entries, end := map[string]any{}, int64(0)
	if metadata != nil {
		entries["__metadata__"] = metadata
	}
	places := map[string]int64{}
	for _, tensorName := range slices.Sorted(maps.Keys(shapes)) {
		t := tensor{Type: "F16", Shape: shapes[tensorName]}
		t.Offsets = [2]int64{end, end + 2*t.size()}
		places[tensorName], end = end, t.Offsets[1]
		entries[tensorName] = t
	}
	head, err := json.Marshal(entries)
	if err != nil {
		f.Fatal(err)
	}
	begin := 8 + int64(len(head))
	f.Text(name, string(binary.LittleEndian.AppendUint64(nil, uint64(len(head))))+string(head))
	if err := os.Truncate(f.Path(name), begin+end); err != nil {
		f.Fatal(err)
	}
	file, err := os.OpenFile(f.Path(name), os.O_WRONLY, 0)
	if err != nil {
		f.Fatal(err)
	}
	defer file.Close()
	for tensorName, numbers := range values {
		var text []byte
		for _, number := range numbers {
			text = binary.LittleEndian.AppendUint16(text, number)
		}
		if _, err := file.WriteAt(text, begin+places[tensorName]); err != nil {
			f.Fatal(err)
		}
	}
}

// spread are 320 fp16 numbers, half of them one and half of them the other.
func spread(one, other uint16) []uint16 {
	return append(slices.Repeat([]uint16{one}, 160), slices.Repeat([]uint16{other}, 160)...)
}

// fp16 numbers.
const half01, halfMinus01, half005 = 0x2e66, 0xae66, 0x2a66 // 0.1, −0.1, 0.05

// TestCheckpointAlone: the tensors of a real-sized checkpoint say which built-in
// configuration it is of, and what it predicts.
func TestCheckpointAlone(t *testing.T) {
	velocity := map[string][]uint16{lastNorm: spread(half01, halfMinus01)}
	noise := map[string][]uint16{lastNorm: spread(half005, 0)}
	for _, test := range []struct {
		name, kind string
		metadata   map[string]string
		values     map[string][]uint16
		yaml       string
		want       Files
		note       string
	}{
		{"1.x", "sd1", nil, nil, "", Files{Configuration: "sd1", Prediction: "epsilon"}, ": Stable Diffusion 1.x; built-in configuration"},
		{"XL", "sdxl", nil, nil, "", Files{Configuration: "sdxl", Prediction: "epsilon"}, ": Stable Diffusion XL; built-in configuration"},
		{"2.x, noise", "sd2", nil, noise, "", Files{Configuration: "sd2", Prediction: "epsilon"}, "which predicts noise (told from its weights; "},
		{"2.x, velocity", "sd2", nil, velocity, "", Files{Configuration: "sd2", Prediction: "v_prediction"}, "which predicts velocity (v) (told from its weights; "},
		{"metadata", "sd2", map[string]string{"modelspec.prediction_type": "epsilon"}, velocity, "",
			Files{Configuration: "sd2", Prediction: "epsilon"}, "which predicts noise (as its metadata say); built-in configuration"},
		{"XL, velocity", "sdxl", map[string]string{"modelspec.prediction_type": "v"}, nil, "", Files{Configuration: "sdxl", Prediction: "v_prediction"}, "as its metadata say"},
		{"yaml", "sd2", map[string]string{"modelspec.prediction_type": "epsilon"}, noise, "model: {params: {parameterization: v, other: 1}}",
			Files{Configuration: "sd2", Prediction: "v_prediction"}, "m.yaml says"},
		{"short yaml", "sd2", nil, velocity, "parameterization: eps", Files{Configuration: "sd2", Prediction: "epsilon"}, "m.yaml says"},
		{"the first release's yaml", "sd2", nil, velocity, "model: {params: {linear_start: 0.00085}}", Files{Configuration: "sd2", Prediction: "epsilon"}, "m.yaml says"},
		{"an experiment beside it", "sd2", nil, velocity, "name: m", Files{Configuration: "sd2", Prediction: "v_prediction"}, "told from its weights"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := newFiles(t)
			f.checkpoint("m.safetensors", shapes(t, test.kind), test.metadata, test.values)
			if test.yaml != "" {
				f.Text("m.yaml", test.yaml)
			}
			base := &Base{Name: "m", Path: f.Path("m.safetensors")}
			files, note, err := base.Files()
			if err != nil || files.Configuration != test.want.Configuration || files.Prediction != test.want.Prediction ||
				!strings.HasPrefix(note, "checkpoint "+base.Path) || !strings.Contains(note, test.note) {
				t.Errorf("%+v, %q, %v", files, note, err)
			}
		})
	}
	f := newFiles(t)
	f.checkpoint("m.safetensors", shapes(t, "sd2"), nil, nil)
	f.Text("m.yaml", "parameterization: x0")
	_, err := (&Base{Path: f.Path("m.safetensors")}).Check()
	filetest.Fails(t, err, "m.yaml, beside the base model", `"x0" is neither v nor eps`)
}

// TestOtherCheckpoints: a file that is no base model is refused by what it is.
func TestOtherCheckpoints(t *testing.T) {
	with := func(changes map[string][]int64) func(map[string][]int64) {
		return func(m map[string][]int64) { maps.Copy(m, changes) }
	}
	without := func(parts ...string) func(map[string][]int64) {
		return func(m map[string][]int64) {
			maps.DeleteFunc(m, func(name string, _ []int64) bool {
				return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
			})
		}
	}
	only := func(names ...string) func(map[string][]int64) {
		return func(m map[string][]int64) {
			clear(m)
			for _, name := range names {
				m[name] = []int64{4, 4}
			}
		}
	}
	const first = "model.diffusion_model.input_blocks.0.0.weight"
	for _, test := range []struct {
		kind   string
		change func(map[string][]int64)
		want   string
	}{
		{"sd1", only("lora_unet_down_blocks_0_attentions_0_proj_in.lora_down.weight"), "a LoRA, which changes a base model"},
		{"sd1", only("unet.down_blocks.0.attentions.0.to_k.lora_A.weight"), "a LoRA"},
		{"sd1", only("lora_unet_x.hada_w1_a"), "a LoRA"},
		{"sd1", only("model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight"), "Stable Diffusion 3, of which no single file is loaded: give its diffusers folder"},
		{"sd1", only("double_blocks.0.img_attn.norm.key_norm.scale"), "FLUX"},
		{"sd1", only("control_model.time_embed.0.weight", first), "a ControlNet"},
		{"sd1", only("emb_params"), "an embedding (textual inversion)"},
		{"sd1", only("first_stage_model.encoder.conv_in.weight"), "an autoencoder (VAE) alone"},
		{"sd1", only("encoder.conv_in.weight", "decoder.conv_in.weight"), "an autoencoder (VAE) alone"},
		{"sd1", only("text_model.embeddings.token_embedding.weight"), "a text encoder alone"},
		{"sd1", only("down_blocks.0.resnets.0.conv1.weight"), "the UNet of a diffusers folder"},
		{"sd1", only("layers.0.weight", "layers.1.weight"), "no base model that is known here (its tensors: layers.0.weight, layers.1.weight, …)"},
		{"sd1", with(map[string][]int64{first: {320, 9, 3, 3}}), "an inpainting model (9 channels)"},
		{"sd1", with(map[string][]int64{first: {320, 8, 3, 3}}), "InstructPix2Pix"},
		{"sd2", with(map[string][]int64{first: {320, 5, 3, 3}}), "a depth map"},
		{"sd2", with(map[string][]int64{first: {256, 7, 3, 3}}), "an upscaler"},
		{"sd2", with(map[string][]int64{"noise_augmentor.data_mean": {1024}}), "Stable unCLIP"},
		{"sdxl", with(map[string][]int64{"edm_mean": {4}}), "EDM's noise schedule"},
		{"sdxl", with(map[string][]int64{"v_pred": {0}, "ztsnr": {0}}), "a signal-to-noise ratio of zero"},
		{"sd1", without(unetPrefix + "middle_block"), "a relative of Stable Diffusion 1.x: its UNet has "},
		{"sd1", without(vaePrefix + "decoder"), "Stable Diffusion 1.x without the whole of its autoencoder"},
		{"sd2", without("cond_stage_model"), "Stable Diffusion 2.x without its text encoder"},
		{"sdxl", without("embedders.1"), "Stable Diffusion XL without its text encoder"},
		{"sd1", without("attn2"), "attends to 0 text features"},
		{"sd1", without("input_blocks.0.0"), "a UNet without its first layer"},
	} {
		t.Run(test.want, func(t *testing.T) {
			f := newFiles(t)
			tensors := shapes(t, test.kind)
			test.change(tensors)
			f.checkpoint("m.safetensors", tensors, nil, nil)
			_, err := (&Base{Path: f.Path("m.safetensors")}).Check()
			filetest.Fails(t, err, "base model "+f.Path("m.safetensors")+" seems to be ", test.want)
		})
	}
}

// TestCheckpointAndFolder: the folder beside a checkpoint counts, whatever the
// sizes are, and so does a .yaml that says what it predicts.
func TestCheckpointAndFolder(t *testing.T) {
	f := newFiles(t)
	tiny := map[string][]int64{"model.diffusion_model.input_blocks.0.0.weight": {32, 4, 3, 3}}
	f.checkpoint("sd.safetensors", tiny, nil, nil)
	f.Text("sd.ckpt", "pickle")
	alone := findBase(t, "sd.safetensors", f.Root)
	_, err := alone.Check()
	filetest.Fails(t, err, "put the model's diffusers folder, which needs no weights, at "+f.Path("sd"))
	f.Text("sd.yaml", "parameterization: v")
	asked := findBase(t, "sd.safetensors", f.Root)
	if asked.SHA256 == alone.SHA256 {
		t.Error("the .yaml beside the file does not count")
	}
	f.Text("sd.yaml", "name: an experiment")
	if findBase(t, "sd.safetensors", f.Root).SHA256 != alone.SHA256 {
		t.Error("a .yaml about something else counts")
	}
	f.Text("sd/model_index.json", "{}")
	f.Text("sd/"+trainingImages, "sha256\n"+someHash+"\n")
	configured := findBase(t, "sd.safetensors", f.Root)
	if configured.SHA256 == alone.SHA256 || !configured.Seen[someHash] {
		t.Errorf("the folder beside the file does not count: %+v", configured)
	}
	files, note, err := configured.Files()
	if err != nil || note != "checkpoint "+f.Path("sd.safetensors")+"; configuration: "+f.Path("sd") || files.Configuration != f.Path("sd") {
		t.Errorf("%+v, %q, %v", files, note, err)
	}
	if err := os.Truncate(f.Path("sd.safetensors"), 50); err != nil {
		t.Fatal(err)
	}
	_, err = configured.Check()
	filetest.Fails(t, err, "base model "+f.Path("sd.safetensors"), "is damaged")
	_, err = FindBase(nil, "sd.ckpt", f.Root)
	filetest.Fails(t, err, "sd.ckpt is a file that is not loaded", "pickles")
	_, err = FindBase(nil, "models/sd.safetensors", f.Root)
	filetest.Fails(t, err, "no such folder")
}

func TestHalf(t *testing.T) {
	for bits, want := range map[uint16]float64{
		0: 0, 0x8000: math.Copysign(0, -1), 1: math.Ldexp(1, -24), 0x03ff: math.Ldexp(1023, -24), 0x0400: math.Ldexp(1, -14),
		0x3c00: 1, 0xc000: -2, 0x3555: 0.333251953125, 0x7bff: 65504, 0x7c00: math.Inf(1), 0xfc00: math.Inf(-1),
	} {
		if got := half(bits); got != want || math.Signbit(got) != math.Signbit(want) {
			t.Errorf("%#x is %g and not %g", bits, got, want)
		}
	}
	if !math.IsNaN(half(0x7e00)) {
		t.Error("not a number is one")
	}
}
