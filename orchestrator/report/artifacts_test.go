package report

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image/png"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// trained uses images as regularization mode exact does.
func trained(spec stage.TrainLoRA) []byte {
	used := func(n int) (low, high, distinct int) {
		if n == 0 {
			return 0, 0, 0
		}
		shown := spec.Steps * spec.BatchSize
		return shown / n, (shown + n - 1) / n, min(n, shown)
	}
	low, high, _ := used(len(spec.Instance.Images))
	classLow, classHigh, distinct := used(len(spec.Class.Images))
	return fmt.Appendf(nil, `{"steps": %d, "final_loss": %g, "parameters": 1000,
		"instance_exposures": {"min": %d, "max": %d}, "class_exposures": {"min": %d, "max": %d, "distinct": %d}}`,
		spec.Steps, 1/float64(spec.Steps), low, high, classLow, classHigh, distinct)
}

// generate writes images of which the second is blank; of a method that makes masks, the
// third has one that is too small.
func (f *fixture) generate(dir string, spec stage.Generate) []byte {
	table := "name,source_name,seed,mean,std,blank,saturated,nan"
	masks := experiment.Methods[spec.Method].Masks
	if masks {
		table += ",mask_pixels,remark"
	}
	f.check(os.Mkdir(filepath.Join(dir, "images"), 0o755))
	for i, img := range spec.NewImages() {
		file, err := os.Create(filepath.Join(dir, "images", img.Name))
		f.check(err)
		f.check(png.Encode(file, drawing(max(spec.Resolution, 32), 3, i)))
		f.check(file.Close())
		name := ""
		if source, ok := f.plan.Image(img.Source); ok {
			name = filepath.Base(source.Path)
		}
		blank := 0
		if i == 1 && spec.LoRA == "" {
			blank = 1
		}
		table += fmt.Sprintf("\n%s,%s,%d,100.000,20.000,%d,0,0", img.Name, name, img.Seed, blank)
		switch {
		case masks && i == 2:
			table += ",1,too small"
		case masks:
			table += ",40,"
		}
	}
	f.check(os.WriteFile(filepath.Join(dir, "images.csv"), []byte(table+"\n"), 0o644))
	return fmt.Appendf(nil, `{"images": %d, "blank": 0, "saturated": 0, "nan": 0}`, spec.Count)
}

// measure gives every photo features of its own, and its mirror image others;
// autoencoded photos the same, moved, and generated images those of a training
// photo moved by a distance that falls with their number. Small grey pictures
// have the same numbers.
func (f *fixture) measure(dir string, spec stage.Measure) []byte {
	var rows [][]float64
	row := func(angle, off float64) {
		var numbers []float64
		for k := range 4 {
			numbers = append(numbers, math.Cos(angle*float64(k+1))+off)
		}
		rows = append(rows, numbers)
	}
	const mirrored = 100 // added to a photo's number
	for i := range spec.Images {
		row(float64(i), 0)
	}
	for i := range spec.Mirrored {
		row(float64(mirrored+i), 0)
	}
	made, photos := f.autoencoded(spec)
	for i := range spec.Count {
		switch {
		case !photos && f.near > 0:
			row(float64(i%4), f.near)
		case !photos:
			row(float64(i%4), 1/float64(1+i))
		case i < len(made.Images):
			row(float64(i), f.moved)
		default:
			row(float64(mirrored+i-len(made.Images)), f.moved)
		}
	}
	f.writeFeatures(dir, map[string][][]float64{"features": rows, "pixels": rows})
	return fmt.Appendf(nil, `{"images": %d, "features": 4}`, len(rows))
}

// autoencoded is what made the pictures that are measured, if that was not
// generate.
func (f *fixture) autoencoded(spec stage.Measure) (stage.Autoencode, bool) {
	for _, task := range f.plan.Tasks {
		if made, ok := task.Spec.(stage.Autoencode); ok && strings.Contains(string(spec.Folder), task.Key) {
			return made, true
		}
	}
	return stage.Autoencode{}, false
}

// features are of images that lie about a shift.
func features(n int, shift float64) [][]float64 {
	rows := make([][]float64, n)
	for i := range rows {
		for k := range 4 {
			rows[i] = append(rows[i], shift+math.Cos(float64((i+1)*(k+2))))
		}
	}
	return rows
}

func (f *fixture) writeFeatures(dir string, tensors map[string][][]float64) {
	f.writeFile(filepath.Join(dir, "features.safetensors"), tensors)
}

// writeFile writes a safetensors file.
func (f *fixture) writeFile(path string, tensors map[string][][]float64) {
	var numbers bytes.Buffer
	header := map[string]any{}
	for _, name := range slices.Sorted(maps.Keys(tensors)) {
		begin := numbers.Len()
		for _, row := range tensors[name] {
			for _, x := range row {
				f.check(binary.Write(&numbers, binary.LittleEndian, float32(x)))
			}
		}
		header[name] = map[string]any{"dtype": "F32", "shape": []int{len(tensors[name]), 4}, "data_offsets": []int{begin, numbers.Len()}}
	}
	text, err := json.Marshal(header)
	f.check(err)
	file := binary.LittleEndian.AppendUint64(nil, uint64(len(text)))
	f.check(os.WriteFile(path, slices.Concat(file, text, numbers.Bytes()), 0o644))
}

// classify finds as many of ten images as the fixture says, seed 1 one in
// twenty fewer, and takes the others for the next class.
func (f *fixture) classify(dir string, task *plan.Task, spec stage.Classify) []byte {
	right, seed := 10, int64(0)
	for _, cell := range f.plan.Cells {
		if cell.Classify == task {
			right, seed = f.right[cell.Name], cell.Seed
		}
	}
	table := "image,label,predicted"
	for _, class := range spec.Classes {
		table += ",p_" + class
	}
	seen := make([]int, len(spec.Classes))
	for _, img := range spec.Test {
		predicted := img.Class
		if number := seen[img.Class]; number%10 >= right || seed == 1 && number == 0 {
			predicted = (img.Class + 1) % len(spec.Classes)
		}
		seen[img.Class]++
		table += fmt.Sprintf("\n%s,%s,%s", img.Name, spec.Classes[img.Class], spec.Classes[predicted])
		for class := range spec.Classes {
			p := "0.1"
			if class == predicted {
				p = "0.8"
			}
			table += "," + p
		}
	}
	if n := len(spec.HeldOutImages()); n > 0 {
		after := map[string][][]float64{"test": features(len(spec.Test), 0), "held_out": features(n, 1+f.beyond)}
		before := map[string][][]float64{"test": features(len(spec.Test), 0), "held_out": features(n, 0.5)}
		if again := len(spec.AutoencodedImages()); again > 0 {
			after["autoencoded"], before["autoencoded"] = features(again, 1), features(again, 0.5)
		}
		f.writeFile(filepath.Join(dir, "features.safetensors"), after)
		f.writeFile(filepath.Join(dir, "features_before.safetensors"), before)
	}
	f.check(os.WriteFile(filepath.Join(dir, "predictions.csv"), []byte(table+"\n"), 0o644))
	return []byte(`{"accuracy": 0, "n_test": 0, "train_loss": 0.1}`)
}
