package plan

import (
	"fmt"
	"path/filepath"
	"slices"

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
	looked, err := machine.scanner().Inspect(dataset.Folder{Format: layout.Format, Root: layout.Root, Classes: classes})
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
	}
	usual := slices.IndexFunc(looked.Kinds, func(form dataset.Form) bool { return draft.Oblong(form.Width, form.Height) })
	if usual >= 0 {
		found.Oblong = fmt.Sprintf("%d×%d", looked.Kinds[usual].Width, looked.Kinds[usual].Height)
	}
	for _, base := range draft.Bases {
		there, err := model.FindBase(machine.Memory.FileHashes(), base.Name)
		if err == nil && !there.Absent() {
			found.Cached = append(found.Cached, base)
		}
	}
	_, found.ImageNet = model.TorchCheckpoint(experiment.Backbones[draft.Backbone].ImageNet)
	return found, nil
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
