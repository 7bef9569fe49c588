package report

import (
	"strings"
	"testing"

	"kizu/orchestrator/plan"
)

// What else training sets differ in stands under their table: with epochs also
// their optimizer steps, and the set that separates photos of good parts from
// generated images is named.
func TestConfounds(t *testing.T) {
	text := strings.NewReplacer("steps: 5}", "epochs: 4, batch_size: 4}",
		"    generated: {", "    more good: {good: {real: 10}, defects: {real: 4}}\n    generated: {",
		"real & generated: {good: {real: 6,", "real & generated: {good: {real: 10,").Replace(studies)
	f := newFixture(t, text)
	got := strings.Join(f.collect(nil).confounds(), "\n")
	// Of 6+4+4 images four epochs in batches of 4 are 14 steps, of 10+4+4 18, of
	// 3·10 30 and of 18+30 48.
	want := strings.Join([]string{
		"optimizer steps: 14 in “real”, 18 in “more good”, 30 in “generated”, 48 in “real & generated”; what differs between them may come from training longer, and classifier.steps makes them equal",
		"real good parts: 6 in “real”, 10 in “more good” and “real & generated”; what differs between them may come from more photos of good parts, which “more good” shows beside “real”",
		"good parts among the images of training: 43 % in “real”, 56 % in “more good”, 33 % in “generated”, 42 % in “real & generated”; among the test images: 50 %; a classifier leans to what it saw often",
	}, "\n")
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	balanced := newFixture(t, strings.Replace(studies, "steps: 5}", "steps: 5, sampling: balanced}", 1)).collect(nil).confounds()
	if len(balanced) != 1 || !strings.Contains(balanced[0], "33 % in every training set; among the test images: 50 %") {
		t.Errorf("balanced: %q", balanced)
	}
}

// TestShareOfTiles: where photos are seen in tiles, the share of good parts is one of tiles.
func TestShareOfTiles(t *testing.T) {
	c := composition{classes: []plan.ClassView{{Class: "good", Real: 12, Tiles: 130}, {Class: "crack", Real: 8, Tiles: 26, Generated: 4}}}
	if got := c.goodShare(); got != "81 %" {
		t.Errorf("got %s", got)
	}
}
