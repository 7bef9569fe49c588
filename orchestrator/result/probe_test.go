package result

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The wanted values are scikit-learn 1.9.1's Ridge(alpha=1).fit(x, y).predict
// where x is StandardScaler's output divided by the root of 3.
func TestProbeAgainstScikitLearn(t *testing.T) {
	train := Features{{1, 2, 0}, {0, 1, 1}, {2, 2, 1}, {1, 0, 2}, {3, 1, 1}, {2, 0, 0}}
	test := Features{{1, 1, 1}, {0, 2, 0}, {3, 0, 2}}
	for _, wanted := range []struct{ kinds, scores []float64 }{
		{[]float64{1, 1, 1, -1, -1, -1}, []float64{0.16448598130841127, 1.3084112149532712, -1.350778816199377}},
		{[]float64{1, 1, -1, -1, -1, -1}, []float64{-0.1327102803738317, 0.9595015576323991, -1.728348909657321}},
	} {
		got, err := probeScores(train, wanted.kinds, test)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range wanted.scores {
			near(t, fmt.Sprint("score ", i), got[i], want)
		}
	}
}

// What cannot be told apart is told apart half the time, what is far apart
// always.
func TestLinearProbe(t *testing.T) {
	random := rand.New(rand.NewPCG(13, 14))
	var alike, apart Probe
	for range 40 {
		one, err := linearProbe(gauss(random, 30, 50, 0), gauss(random, 30, 50, 0))
		if err != nil {
			t.Fatal(err)
		}
		other, err := linearProbe(gauss(random, 30, 50, 0), gauss(random, 30, 50, 1))
		if err != nil {
			t.Fatal(err)
		}
		alike.Correct, alike.Tested = alike.Correct+one.Correct, alike.Tested+one.Tested
		apart.Correct, apart.Tested = apart.Correct+other.Correct, apart.Tested+other.Tested
	}
	// 2,400 answers: a standard error of 0.01, more since images share probes.
	if alike.Accuracy() < 0.45 || alike.Accuracy() > 0.55 || apart.Accuracy() < 0.99 || alike.Tested != 2400 {
		t.Errorf("alike %.3f, apart %.3f of %d", alike.Accuracy(), apart.Accuracy(), alike.Tested)
	}
	if _, err := linearProbe(made[:4], shots); err == nil {
		t.Error("four images were probed")
	}
}
