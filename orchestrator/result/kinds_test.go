package result

import (
	"math/rand/v2"
	"testing"
)

// kindsOf draws photos, autoencoded ones that are moved, and generated images
// that are moved further.
func kindsOf(t *testing.T, random *rand.Rand, moved, further float64) Kinds {
	t.Helper()
	const images, features = 48, 60
	k, err := ProbeKinds(gauss(random, images, features, 0), gauss(random, images, features, moved), gauss(random, images, features, moved+further))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Without autoencoded photos generated images are told from photos, and nothing else is said.
func TestKindsWithoutControls(t *testing.T) {
	random := rand.New(rand.NewPCG(33, 34))
	k, err := ProbeKinds(gauss(random, 48, 60, 0), nil, gauss(random, 48, 60, 1))
	if err != nil || k.Controlled || k.Judged() != k.Generated || k.Autoencoded.Tested+k.Beyond.Tested > 0 || k.Generated.Accuracy() < 0.95 {
		t.Errorf("%+v, %v", k, err)
	}
}

// What the autoencoder does to photos is not said of generated images; what is
// beyond it is.
func TestOnlyWhatIsBeyondTheAutoencoderIsClaimed(t *testing.T) {
	for _, test := range []struct {
		moved, further  float64
		atMost, atLeast float64 // of how many look generated
	}{{0, 0, 0.07, 0}, {1, 0, 0.07, 0}, {0, 1, 1, 1}, {1, 1, 1, 1}} {
		random := rand.New(rand.NewPCG(31, 32))
		const simulations = 200
		look := 0
		for range simulations {
			k := kindsOf(t, random, test.moved, test.further)
			if test.moved > 0 && (k.Generated.Accuracy() < 0.95 || k.Autoencoded.Accuracy() < 0.95) {
				t.Fatalf("moved %g: %+v", test.moved, k)
			}
			if OverKinds([]Kinds{k}).LookGenerated() {
				look++
			}
		}
		if rate := float64(look) / simulations; rate > test.atMost || rate < test.atLeast {
			t.Errorf("moved %g and further %g: %.3f look generated", test.moved, test.further, rate)
		}
	}
}

func TestKindsOverSeeds(t *testing.T) {
	list := []Kinds{
		{Generated: Probe{9, 10}, Controlled: true, Autoencoded: Probe{8, 10}, Beyond: Probe{6, 10}},
		{Generated: Probe{7, 10}, Controlled: true, Autoencoded: Probe{8, 10}, Beyond: Probe{4, 10}},
	}
	got := OverKinds(list)
	near(t, "generated", got.Generated.Mean, 0.8)
	near(t, "beyond", got.Beyond.Mean, 0.5)
	if got.Interval != Wilson(0.5, 10) || got.Autoencoded.SD != 0 || got.LookGenerated() {
		t.Errorf("%+v", got)
	}
	for i := range list { // images that went through no autoencoder
		list[i] = Kinds{Generated: list[i].Generated}
	}
	if got = OverKinds(list); got.Controlled || got.Interval != Wilson(0.8, 10) || got.LookGenerated() != (Wilson(0.8, 10).Low > 0.5) {
		t.Errorf("without controls %+v", got)
	}
	if _, err := ProbeKinds(made, made, shots); err == nil {
		t.Error("a probe of unequal numbers")
	}
}
