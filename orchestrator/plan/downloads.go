package plan

import (
	"kizu/orchestrator/dataset"
	"kizu/orchestrator/stage"
)

// imagenet is the reference of torchvision's ImageNet weights.
var imagenet = stage.ByName("imagenet")

// Downloads lists what tasks read that is not on this machine yet: models of the
// Hugging Face hub, and whether torchvision's ImageNet weights.
func (p *Plan) Downloads(tasks []*Task) (models []dataset.HubModel, weights bool) {
	read := map[stage.Ref]bool{}
	for _, task := range tasks {
		read[task.Spec.Opens()] = true
	}
	if p.Base.Absent() && read[modelRef(p.Base.Name, p.Base.SHA256)] {
		models = append(models, p.Base)
	}
	if e := p.Encoder; e != nil && e.Absent() && read[modelRef(e.Name, e.SHA256)] {
		models = append(models, e)
	}
	_, there := dataset.TorchCheckpoint(imagenetFile)
	return models, read[imagenet] && !there
}
