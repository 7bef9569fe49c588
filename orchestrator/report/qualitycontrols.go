package report

import (
	"fmt"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/result"
)

// photoLooks are the photos as the pattern with the most training photos has
// them; nil if nothing is measured.
func (r *Report) photoLooks() *photoLooks {
	var p *photoLooks
	for _, pattern := range r.patterns {
		for _, run := range pattern.runs {
			if q := run.quality; q.state == done && (p == nil || len(q.photos.training) > len(p.training)) {
				p = q.photos
			}
		}
	}
	return p
}

// photoRows are what photos score: those that trained no LoRA or, where there are not two of them,
// the training photos among themselves, and then photos that the base's autoencoder gave back.
// Nobody generated these, so whatever they score is no doing of a LoRA.
func photoRows(p *photoLooks) [][]string {
	if p == nil || len(p.training) == 0 {
		return nil
	}
	var rows [][]string
	add := func(name string, photos result.Features, nearest []result.Neighbour, copies string, kid result.Estimate, has bool) {
		toSource := "–"
		if len(p.sources) > 0 {
			toSource = distance(meanDistance(result.Nearest(photos, p.sources)))
		}
		rows = append(rows, append([]string{
			name, fmt.Sprint(len(photos)), distance(meanDistance(nearest)), copies,
			toSource, distance(result.Diversity(photos)),
		}, kernelDistance(kid, has)...))
	}
	again := p.autoencoded
	control, hasControl := p.autoencodedKID()
	if len(p.heldOut) > 1 {
		kid, has := result.KID(p.training, p.heldOut)
		add("photos held out", p.heldOut, result.Nearest(p.heldOut, p.training), "–", kid, has)
		if p.controlled() {
			add("photos held out, autoencoded", again.heldOut, result.Nearest(again.heldOut, p.training), "–", control, hasControl && p.heldOutEnough())
		}
	} else {
		add("training photos", p.training, result.NearestOther(p.training, p.training), "–", result.Estimate{}, false)
	}
	if !p.controlled() {
		return rows
	}
	test := p.copies
	add("training photos, autoencoded", again.training, result.Nearest(again.training, p.training),
		fmt.Sprintf("%d of %d", test.Autoencoded.Found, test.Autoencoded.Of), control, hasControl && !p.heldOutEnough())
	add("training photos, mirrored and autoencoded", again.mirrored, result.Nearest(again.mirrored, p.training),
		fmt.Sprintf("%d of %d", test.Mirrored.Found, test.Mirrored.Of), result.Estimate{}, false)
	return rows
}

// qualityNotes say what the photos' rows are, what a copy is, and what KID is and needs.
func (r *Report) qualityNotes() []string {
	p := r.photoLooks()
	if p == nil || len(p.training) == 0 {
		return nil
	}
	trained := english.Plural(len(p.training), "training photo", "training photos")
	first := fmt.Sprintf("the first rows are of %s of the defect that trained no LoRA and of the %s", english.Plural(len(p.heldOut), "photo", "photos"), trained)
	if len(p.heldOut) < 2 {
		first = fmt.Sprintf("all photos of the defect train LoRAs, so the first row compares the %s with each other", trained)
	}
	if !p.controlled() {
		return append([]string{first}, r.kidNotes(p)...)
	}
	return append([]string{
		first + "; “autoencoded” photos went through the base model’s autoencoder and back, as every generated image comes out of it",
	}, append(r.copyNotes(p), r.kidNotes(p)...)...)
}

// copyNotes say what is taken for a copy, and how far that can be believed.
func (r *Report) copyNotes(p *photoLooks) []string {
	notes := []string{result.CopyMeaning + "; " + p.copies.Note()}
	for _, pattern := range r.patterns {
		q := pattern.quality()
		switch {
		case q == nil:
		case !pattern.shown() && q.test.Works():
			notes = appendNew(notes, result.NoCopies)
		case pattern.shown() && !q.test.Works() && p.copies.Works():
			notes = append(notes, fmt.Sprintf("“%s”: %s", pattern.name, q.test.Note()))
		}
	}
	return notes
}

// kidNotes say what KID is beside its control, and how many images it needs.
func (r *Report) kidNotes(p *photoLooks) []string {
	text := result.KIDMeaning
	if control, ok := p.autoencodedKID(); ok {
		text += fmt.Sprintf("; %s is what the autoencoder alone does to photos", kernelDistance(control, true)[0])
	}
	notes := []string{text}
	for _, pattern := range r.patterns {
		if q := pattern.quality(); q != nil && q.images < result.KIDFewest {
			return append(notes, result.KIDOfFew())
		}
	}
	return notes
}
