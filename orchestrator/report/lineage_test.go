package report

import (
	"slices"
	"strings"
	"testing"
)

// Every accuracy leads to its photos: through its classifier, the images that
// trained it, and the LoRAs that made these.
func TestLineage(t *testing.T) {
	r := finished(t).collect(nil)
	view := r.lineageView()
	tasks := map[string]taskLineage{}
	for _, task := range view.Tasks {
		tasks[task.Anchor] = task
	}
	reached := map[string]bool{}
	var follow func(links []taskLink)
	follow = func(links []taskLink) {
		for _, link := range links {
			task, ok := tasks[link.Anchor]
			if !ok {
				t.Fatalf("%s leads nowhere", link.ID)
			}
			for _, use := range task.Photos {
				for _, name := range strings.Split(use.Names, ", ") {
					reached[use.Use+" "+name] = true
				}
			}
			follow(task.Needs)
		}
	}
	i := slices.IndexFunc(view.Cells, func(c cellLineage) bool { return c.Name == "generated" })
	follow(view.Cells[i].Tasks)
	count := map[string]int{}
	for use := range reached {
		words, _, _ := strings.Cut(use, " crack/")
		count[words]++
	}
	// Four photos of cracks and the good ones; the real test images.
	if count["learnt as “shs nut”"] != 4 || count["tested on"] != 10 {
		t.Errorf("reached %v", count)
	}
}
