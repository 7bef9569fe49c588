package plan

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/draft"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
)

// Survey is what a machine and a folder of photos have for an experiment file to begin
// with, but for devices. A photo that no experiment could use is an error.
func Survey(layout *dataset.Layout, machine Machine) (*draft.Found, error) {
	found := &draft.Found{Root: layout.Root, Folder: filepath.Base(layout.Root), Format: layout.Format, Masks: layout.Masks}
	classes := classesOf(layout, found)
	folder := dataset.Folder{Format: layout.Format, Root: layout.Root, Classes: classes}
	if layout.Masks != "" {
		folder.Masks.Trees = []string{filepath.Join(layout.Root, layout.Masks)}
	}
	looked, err := machine.scanner().Inspect(folder)
	if err == nil && len(looked.Problems) > 0 {
		err = looked.Problems[0]
		if more := len(looked.Problems) - 1; more > 0 {
			err = fmt.Errorf("%w; and %d more like it", err, more)
		}
	}
	if err != nil {
		return nil, err
	}
	for _, class := range classes {
		found.Classes = append(found.Classes, counted(class, looked.Set.Of(class)))
	}
	for _, img := range looked.Set.Images {
		found.Photos = append(found.Photos, img.Name)
		if img.Marking != nil && img.Class != found.Good {
			found.Masked++
		}
	}
	switch {
	case len(looked.MaskProblems) > 0:
		found.MaskWhy = strings.Join(strings.Fields(looked.MaskProblems[0].Error()), " ")
	case found.Masked == 0:
		found.Masks = ""
	}
	found.Oblong = oblong(looked)
	for _, base := range draft.Bases {
		there, err := model.FindBase(machine.Memory.FileHashes(), base.Name)
		if err == nil && !there.Absent() {
			found.Cached = append(found.Cached, base)
		}
	}
	_, found.ImageNet = model.TorchCheckpoint(experiment.Backbones[draft.Backbone].ImageNet)
	return found, nil
}

// oblong is the size of the most usual photos that are far from square, if a tenth is.
func oblong(looked *dataset.Inspection) (size string) {
	photos, long := 0, 0
	for i, form := range looked.Kinds {
		n := 0
		for _, byForm := range looked.Forms {
			n += byForm[i]
		}
		if photos += n; draft.Oblong(form.Width, form.Height) {
			long += n
			if size == "" {
				size = fmt.Sprintf("%d×%d", form.Width, form.Height)
			}
		}
	}
	if 10*long < photos {
		return ""
	}
	return size
}

// classesOf lists the classes that a folder seems to have, that of good parts first.
func classesOf(layout *dataset.Layout, found *draft.Found) []string {
	files, names := map[string]int{}, []string{}
	for _, class := range layout.Classes {
		files[class.Name] = class.Files
		names = append(names, class.Name)
	}
	found.Good, found.GoodWhy = layout.Good, "the one that train has"
	if layout.Good == "" {
		found.Good, found.GoodWhy = draft.Good(names, func(name string) int { return files[name] })
	}
	others := slices.DeleteFunc(names, func(name string) bool { return name == found.Good })
	return append([]string{found.Good}, others...)
}

func counted(class string, images []dataset.Image) draft.Class {
	counts := draft.Class{Name: class}
	for _, img := range images {
		switch img.Split {
		case dataset.TrainingOnly:
			counts.Training++
		case dataset.TestingOnly:
			counts.Testing++
		default:
			counts.Either++
		}
	}
	return counts
}
