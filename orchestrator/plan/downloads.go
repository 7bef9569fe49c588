package plan

import "kizu/orchestrator/dataset"

// imagenet is the reference of torchvision's ImageNet weights.
const imagenet = Ref(byName + "imagenet")

// Downloads lists what tasks read that is not on this machine yet: models of the
// Hugging Face hub, and whether torchvision's ImageNet weights.
func (p *Plan) Downloads(tasks []*Task) (models []dataset.HubModel, weights bool) {
	read := map[Ref]bool{}
	for _, task := range tasks {
		switch spec := task.Spec.(type) {
		case TrainLoRA:
			read[spec.Base] = true
		case Generate:
			read[spec.Base] = true
		case Autoencode:
			read[spec.Base] = true
		case Classify:
			read[spec.Weights] = true
		case Measure:
			read[spec.Weights] = true
		}
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
