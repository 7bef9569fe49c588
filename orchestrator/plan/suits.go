package plan

import (
	"fmt"
	"slices"
	"strings"

	"kizu/orchestrator/experiment"
	"kizu/orchestrator/stage"
)

// unsuited is a setting that means nothing to the base model, where holds, and what to do
// about it; own says whether the file's own section at that path has the value.
type unsuited struct {
	holds, own bool
	path, what string
}

// suits refuses settings of a task that mean nothing to the base model. Of one that is not
// there yet its worker says the same.
func (b *builder) suits(spec stage.Spec) error {
	f := b.in.Base.Family
	if f == nil {
		return nil
	}
	lora, generate := b.exp.LoRA, b.exp.Generate
	var found []unsuited
	switch s := spec.(type) {
	case stage.TrainLoRA:
		unknown := b.unknownLayer(s)
		found = []unsuited{
			{unknown != "", s.Target == lora.Target, "lora.target", fmt.Sprintf("has no layer whose name ends in %s: use attention, or the ends of other layers' names", unknown)},
			{s.Resolution%f.Multiple() != 0, s.Resolution == lora.Resolution, "lora.resolution", fmt.Sprintf("takes pictures whose sides are a multiple of %d, and not %d", f.Multiple(), s.Resolution)},
			{f.Flow && s.MinSNRGamma > 0, s.MinSNRGamma == lora.MinSNRGamma, "lora.min_snr_gamma", "learns by flow matching, and min-SNR weights go by a diffusion's signal-to-noise ratio: leave it out"},
			{f.Flow && s.TextEncoder, s.TextEncoder == lora.TextEncoder, "lora.text_encoder", "has text encoders that are not trained: leave it out"},
			{f.Flow && slices.Contains(strings.Split(s.Target, "+"), "conv"), s.Target == lora.Target, "lora.target", "has a transformer without convolutions: use attention, or names of its layers"},
		}
	case stage.Generate:
		if s.Base == "" {
			return nil
		}
		method := experiment.Methods[s.Method]
		sampler := s.Sampler == "" || s.Sampler == "base" || slices.Contains(f.Samplers, s.Sampler)
		found = []unsuited{
			{f.Flow && method.UNet, s.Method == generate.Method, "generate.method", fmt.Sprintf("has a transformer, and method %s works in a UNet's attention: use img2img or inpaint", s.Method)},
			{!sampler, s.Sampler == generate.Sampler, "generate.sampler", fmt.Sprintf("is sampled otherwise than by %s: use base, %s", s.Sampler, strings.Join(f.Samplers, ", "))},
		}
	}
	for _, u := range found {
		if u.holds {
			err := fmt.Errorf("%s: base model %s %s", u.path, b.in.Base.Name, u.what)
			if u.own {
				err = b.exp.Fault(u.path, err)
			}
			return err
		}
	}
	return nil
}

// unknownLayer is the first end of a name in a LoRA's target that no layer of the base model
// has, as far as that can be seen; "" for none.
func (b *builder) unknownLayer(lora stage.TrainLoRA) string {
	found, known := b.unknown[lora.Target]
	if known {
		return found
	}
	lacks := func(name string) bool { return b.in.Base.WidthOf([]string{name}) == 0 }
	if named := lora.Named(); len(named) > 0 && !lacks("to_q") {
		if place := slices.IndexFunc(named, lacks); place >= 0 {
			found = named[place]
		}
	}
	b.unknown[lora.Target] = found
	return found
}

// stepNotes say how many steps are run where that is not int(steps × strength).
func (p *Plan) stepNotes() (notes []string) {
	for _, task := range p.Tasks {
		s, ok := task.Spec.(stage.Generate)
		if !ok || s.Run == 0 {
			continue
		}
		note := fmt.Sprintf("images of %d steps at strength %g are made in %d, as diffusers rounds for flow matching", s.Steps, s.Strength, s.Run)
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	return notes
}
