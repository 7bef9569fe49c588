package export

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"path"
	"slices"
	"strings"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// trainingSet adds what a cell's classifier or detector learns, once where all seeds learn the
// same (of photos in tiles, the photos), and what all are tested on. Masks are outside, since each
// folder of a set is a class to ImageFolder. So are defects for anomalib, whose MVTecAD takes
// every picture below its root for one of its own.
func (l *layout) trainingSet(cell plan.Cell, seed string) {
	task := cell.Tested()
	if task == nil {
		return
	}
	if e := l.plan.Experiment; len(e.Seeds) > 1 && !e.Redraws() && !cell.Condition.UsesGenerated() {
		seed = "all-seeds"
	}
	l.add("training set", cell.Name+", "+seed, func(part *Part) error {
		root := path.Join(l.names.of("training-sets", cell.Name, cell.Name), seed)
		set, masks := "training-sets/"+root, "training-masks/"+root
		in := func(class string) (string, string) {
			switch {
			case l.anomalib && class == l.plan.Experiment.Dataset.Good:
				return set + "/train", ""
			case l.anomalib:
				return "training-defects/" + root, masks
			}
			return set, masks
		}
		for _, img := range l.plan.ImagesAs(task, stage.Training) {
			pictures, masks := in(img.Class)
			l.photo(part, pictures, masks, img, seed)
		}
		spec, _ := task.Spec.(stage.Classify) // a detector learns photos alone
		for _, folder := range slices.Concat(spec.Decoded, spec.Generated) {
			pictures, masks := in(spec.Classes[folder.Class])
			if err := l.made(part, pictures, masks, task.Need(folder.Path), folder, Row{Class: spec.Classes[folder.Class], Seed: seed}); err != nil {
				return err
			}
		}
		if l.anomalib {
			l.tested(part, set+"/test", set+"/ground_truth")
		}
		return nil
	})
	if !l.anomalib {
		l.add("set of tested photos", "", func(part *Part) error { l.tested(part, "test", "test-masks"); return nil })
	}
}

// tested adds the tested photos. MVTecAD refuses masks of some defects without the others.
func (l *layout) tested(part *Part, pictures, masks string) {
	d := l.plan.Experiment.Dataset
	for img := range l.plan.Division.Tested() {
		if l.anomalib && img.Class != d.Good && img.Mask() == nil {
			masks = ""
		}
	}
	for _, class := range d.Classes() {
		for _, img := range l.plan.Division.Test[class] {
			l.photo(part, pictures, masks, img, "")
		}
	}
}

// photo adds a photo and, if it has one, its mask: 255 where the defect is, as in MVTec AD.
func (l *layout) photo(part *Part, pictures, masks string, img dataset.Image, seed string) {
	var mask file
	if m := img.Mask(); m != nil {
		mask.made = func() ([]byte, error) {
			drawn, text := image.NewGray(image.Rect(0, 0, m.Width, m.Height)), bytes.Buffer{}
			for _, run := range m.Runs {
				for x := run.From; x < run.To; x++ {
					drawn.SetGray(x, run.Y, color.Gray{Y: 255})
				}
			}
			err := png.Encode(&text, drawn)
			return text.Bytes(), err
		}
	}
	row := Row{Class: img.Class, Origin: "photo", Photo: img.Name, Seed: seed}
	l.picture(part, pictures, masks, path.Base(img.Name), file{from: img.Path, sum: img.SHA256}, mask, row)
}

// made adds images that a task made: by a method, or by the autoencoder of photos.
func (l *layout) made(part *Part, pictures, masks string, task *plan.Task, folder stage.Labeled, row Row) error {
	var images []stage.NewImage
	if decoded, ok := task.Spec.(stage.Autoencode); ok {
		row.Origin = "decoded"
		for i, photo := range decoded.Images {
			images = append(images, stage.NewImage{Name: fmt.Sprintf("%04d.png", i), Source: photo})
		}
	} else {
		made := task.Made()
		images, row.Origin, row.Method = made.NewImages(), "generated", cmp.Or(made.Method, experiment.UsualMethod)
		if lora := task.LoRA(); lora != nil {
			row.LoRA = lora.Key
		}
	}
	files, err := l.files(task)
	for _, img := range images[folder.First : folder.First+folder.Count] {
		source, _ := l.plan.Image(img.Source)
		defect, _ := l.plan.Image(img.Defect)
		if row.Photo, row.Defect = source.Name, defect.Name; task.Kind == stage.KindGenerate {
			row.ImageSeed = fmt.Sprint(img.Seed)
		}
		l.picture(part, pictures, masks, row.Origin+"-"+img.Name, files["images/"+img.Name], files["masks/"+img.Name], row)
	}
	return err
}

// picture adds a picture to its class, and its mask under the same name. anomalib knows the good
// class by its name, and pairs pictures and masks by their places in two sorted lists, so that
// names are numbers there.
func (l *layout) picture(part *Part, pictures, masks, name string, f, mask file, row Row) {
	extension, class := path.Ext(name), l.names.of("classes", row.Class, row.Class)
	stem, suffix := strings.TrimSuffix(name, extension), ".png"
	if l.anomalib && row.Class == l.plan.Experiment.Dataset.Good {
		class = "good"
	}
	folder := path.Join(pictures, class)
	if l.anomalib {
		stem, suffix = fmt.Sprintf("%05d", l.count[folder]), "_mask.png"
	}
	l.count[folder]++
	stem = l.names.of(folder, f.from, stem)
	part.put(f, path.Join(folder, stem+strings.ToLower(extension)), row)
	if row.Origin = "mask"; masks != "" && (mask.from != "" || mask.made != nil) {
		part.put(mask, path.Join(masks, class, stem+suffix), row)
	}
}
