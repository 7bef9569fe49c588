package report

import (
	"strings"
	"testing"

	"kizu/orchestrator/dataset"
)

// The table names the features that its distances are of.
func TestFeaturesAreNamed(t *testing.T) {
	r := finished(t).collect(nil)
	for _, test := range []struct {
		encoder *dataset.Encoder
		want    string
	}{
		{nil, "efficientnet_b0, weights none, at 32 pixels"},
		{&dataset.Encoder{Name: "facebook/dinov2-small"}, "facebook/dinov2-small"},
		{&dataset.Encoder{Name: "../dino", Path: "/models/dino", SHA256: strings.Repeat("0a", 32)}, "dino (sha256 0a0a0a0a0a0a)"},
	} {
		r.plan.Encoder = test.encoder
		g := r.qualityGrid()
		if !strings.HasSuffix(g.title, " by the features of "+test.want) {
			t.Errorf("%q, want %q", g.title, test.want)
		}
		untrained := strings.Contains(strings.Join(g.notes, "\n"), "without weights the network has learnt nothing")
		if untrained != (test.encoder == nil) {
			t.Errorf("%s is called untrained: %v", test.want, untrained)
		}
	}
}
