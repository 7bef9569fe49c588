package report

import (
	"kizu/orchestrator/dataset"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
)

// classUsage says what the photos of one class are used for, each photo
// counted once in every role.
type classUsage struct {
	Class      string
	Found      int // usable photos
	Duplicates int // further files with the same content, left out
	Tested     int
	Kept       int // may not be tested on: the base model was trained on them

	Instance, Regular, Source int // of study 1: LoRA, regularization, start of images
	StudyLoRA, Classifier     int // of study 2: any use by LoRAs; classifiers' own real photos
}

// usage counts roles for every class.
func (r *Report) usage() []classUsage {
	p := r.plan
	roles := r.roles()
	duplicates := map[string]int{}
	class := map[string]string{}
	for _, img := range p.Set.Images {
		class[img.Name] = img.Class
	}
	for _, d := range p.Set.Duplicates {
		duplicates[class[d.Same]]++
	}
	var list []classUsage
	for _, name := range p.Experiment.Dataset.Classes() {
		list = append(list, classUsage{
			Class: name, Found: len(p.Set.Of(name)), Duplicates: duplicates[name],
			Tested: len(p.Division.Test[name]), Kept: p.Division.Kept[name],
			Instance: roles.instance.count(name), Regular: roles.regular.count(name), Source: roles.source.count(name),
			StudyLoRA: roles.studyLoRA.count(name), Classifier: roles.classifier.count(name),
		})
	}
	return list
}

// photoSet is photos by their content.
type photoSet map[string]dataset.Image

func (s photoSet) add(photos ...dataset.Image) {
	for _, img := range photos {
		s[img.SHA256] = img
	}
}

func (s photoSet) count(class string) int {
	n := 0
	for _, img := range s {
		if img.Class == class {
			n++
		}
	}
	return n
}

// roles is which photos have which role.
type roles struct {
	instance, regular, source photoSet // study 1
	studyLoRA, classifier     photoSet // study 2
}

func (r *Report) roles() roles {
	all := roles{photoSet{}, photoSet{}, photoSet{}, photoSet{}, photoSet{}}
	for _, c := range r.cells {
		if c.Train != nil {
			all.instance.add(r.plan.ImagesAs(c.Train, stage.Instance)...)
			all.regular.add(r.plan.ImagesAs(c.Train, stage.Regularization)...)
		}
		if c.Generate != nil {
			all.source.add(r.plan.ImagesAs(c.Generate, stage.Source)...)
		}
		if c.Classify != nil {
			all.classifier.add(r.plan.ImagesAs(c.Classify, stage.Training)...)
			for _, task := range c.Classify.MadeFrom() {
				r.addInputs(all.studyLoRA, task)
			}
		}
	}
	return all
}

// addInputs adds every photo that a task and the tasks before it read.
func (r *Report) addInputs(set photoSet, task *plan.Task) {
	set.add(r.plan.Images(task)...)
	for _, need := range task.Needs {
		r.addInputs(set, need)
	}
}

// borrowed counts study 1's defect photos that study 2 tests on.
func (r *Report) borrowed() int {
	instance, n := r.roles().instance, 0
	for img := range r.plan.Division.Tested() {
		if _, used := instance[img.SHA256]; used {
			n++
		}
	}
	return n
}
