package plan

import (
	"slices"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/model"
	"kizu/orchestrator/stage"
)

// imagenet is the reference of torchvision's ImageNet weights.
var imagenet = stage.ByName(experiment.ImageNet)

// Downloads lists what tasks read that is not on this machine yet: models of the
// Hugging Face hub, and backbones whose ImageNet weights torchvision has.
func (p *Plan) Downloads(tasks []*Task) (models []model.HubModel, backbones []string) {
	opened, base := map[stage.Ref]bool{}, false
	for _, task := range tasks {
		opened[task.Spec.Opens()] = true
		base = base || p.OpensBase(task)
		if spec, ok := task.Spec.(stage.Backboned); ok && spec.Opens() == imagenet && !slices.Contains(backbones, spec.Backbone()) {
			backbones = append(backbones, spec.Backbone())
		}
	}
	if base && p.Base.Absent() {
		models = append(models, p.Base)
	}
	for _, e := range p.Encoders {
		if e.Absent() && opened[modelRef(e.Name, e.SHA256)] {
			models = append(models, e)
		}
	}
	return models, lacking(backbones)
}

// lacking lists the backbones whose ImageNet weights are not on this machine.
func lacking(backbones []string) (list []string) {
	for _, name := range backbones {
		if _, there := model.TorchCheckpoint(experiment.Backbones[name].ImageNet); !there {
			list = append(list, name)
		}
	}
	return list
}
