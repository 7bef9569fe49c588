package result

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
)

// fluctuation is how the trainings of a study's conditions fluctuate.
type fluctuation struct {
	name         string
	usual, first float64 // standard deviations: of all conditions but the first, and of it
	all, one     float64 // shares of trainings that collapse: of all conditions, of the first alone
	most         float64 // claims that are allowed; 0 for what is not promised
}

var fluctuations = []fluctuation{
	{name: "alike", usual: 0.3, first: 0.3, most: Level},
	{name: "one unevenly, 4×", usual: 0.15, first: 0.6, most: Level},
	{name: "one unevenly, 4×, others hardly", usual: 0.1, first: 0.4, most: Level},
	{name: "one unevenly, 3×", usual: 0.3, first: 0.9, most: Level},
	{name: "15 % collapse, everywhere", usual: 0.15, first: 0.15, all: 0.15, most: Level},
	{name: "15 % collapse, in one", usual: 0.15, first: 0.15, one: 0.15},
}

// in is a world of so many conditions.
func (f fluctuation) in(sizes []int, recall []float64, conditions int) world {
	w := world{
		sizes: sizes, recall: recall, image: 0.9, both: 0.6,
		training: slices.Repeat([]float64{f.usual}, conditions), collapse: slices.Repeat([]float64{f.all}, conditions),
	}
	w.training[0], w.collapse[0] = f.first, max(f.all, f.one)
	return w
}

// studies are the test sets of the article and of the demo.
var studies = []struct {
	name   string
	sizes  []int
	recall []float64
}{{"article", articleSizes, poor}, {"demo", demoSizes, cells}}

// claims counts the simulated studies in which a comparison is called
// significant; of: nil counts any, else it picks the comparisons, and the result
// is their mean.
func (w world) claims(t *testing.T, seeds, simulations int, of func(Comparison) bool) float64 {
	random, found := rand.New(rand.NewPCG(3, 4)), 0.0
	for range simulations {
		list, err := CompareAll(w.draw(random, seeds))
		if err != nil {
			t.Fatal(err)
		}
		chosen, claimed := 0.0, 0.0
		for _, c := range list {
			if of == nil || of(c) {
				chosen++
				if c.Significant() {
					claimed++
				}
			}
		}
		if of == nil {
			chosen, claimed = 1, min(1, claimed)
		}
		found += claimed / chosen
	}
	return found / float64(simulations)
}

// noise is how far above a rate a share of so many simulations may lie by
// chance: three standard errors of a binomial.
func noise(rate float64, simulations int) float64 {
	return 3 * math.Sqrt(rate*(1-rate)/float64(simulations))
}

// simulations is the number of simulated studies of each design: that of the
// environment variable KIZU_SIMULATE, which make simulate sets, or a few.
func simulations(few int) (n int, all bool) {
	if n, err := strconv.Atoi(os.Getenv("KIZU_SIMULATE")); err == nil && n > 0 {
		return n, true
	}
	return few, false
}

// thousands leaves a test of thousands of simulated studies to make test-slow.
func thousands(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("make test-slow simulates thousands of studies")
	}
}

// Conditions that are equally good: the probability that any comparison is
// called significant stays where docs/results.md has it.
func TestFamilywiseError(t *testing.T) {
	n, all := simulations(100)
	for _, study := range studies {
		for _, f := range fluctuations {
			for _, conditions := range []int{2, 3, 5, 10} {
				for _, seeds := range []int{2, 3, 5, 10} {
					if !all && (conditions != 3 || seeds == 2 || seeds > 5 || f.most == 0) {
						continue
					}
					t.Run(fmt.Sprintf("%s, %s, %d conditions, %d seeds", study.name, f.name, conditions, seeds), func(t *testing.T) {
						if !all {
							t.Parallel()
						}
						rate, most := f.in(study.sizes, study.recall, conditions).claims(t, seeds, n, nil), f.most
						t.Logf("%.4f", rate)
						if conditions == 2 {
							most *= 1.2 // Welch's test is at its level, and above it where accuracies are skewed
						}
						if most > 0 && rate > most+noise(most, n) {
							t.Errorf("%.1f %% of %d null experiments claim a difference", 100*rate, n)
						}
					})
				}
			}
		}
	}
}

// True differences are found: how often, docs/results.md says.
func TestDifferencesAreFound(t *testing.T) {
	n, all := simulations(50)
	for _, test := range []struct {
		better float64
		seeds  int
		least  float64 // in the demo's design, of five conditions; 0 for what is not promised
	}{{0.05, 3, 0}, {-0.05, 5, 0}, {0.15, 2, 0}, {0.15, 3, 0.5}, {-0.15, 3, 0.35}, {0.15, 5, 0.95}, {-0.15, 5, 0.9}, {0.05, 10, 0}, {-0.05, 10, 0}} {
		for _, study := range studies {
			for _, conditions := range []int{2, 5} {
				promised := test.least > 0 && study.name == "demo" && conditions == 5
				if !all && !promised {
					continue
				}
				t.Run(fmt.Sprintf("%s, %+.2f, %d conditions, %d seeds", study.name, test.better, conditions, test.seeds), func(t *testing.T) {
					w := fluctuation{usual: 0.1, first: 0.1}.in(study.sizes, study.recall, conditions)
					w.better = test.better
					rate := w.claims(t, test.seeds, n, func(c Comparison) bool { return c.A == 0 })
					t.Logf("%.4f", rate)
					if promised && rate < test.least-noise(test.least, n) {
						t.Errorf("a difference of %+.2f was found in %.2f of the comparisons", test.better, rate)
					}
				})
			}
		}
	}
}

// Where all conditions are equal, one seed claims nothing, however far its
// classifiers differ; and they do differ.
func TestOneSeedClaimsNothing(t *testing.T) {
	n, _ := simulations(100)
	for _, study := range studies {
		random, differ := rand.New(rand.NewPCG(5, 6)), 0
		w := fluctuation{usual: 0.3, first: 0.3}.in(study.sizes, study.recall, 5)
		for range n {
			list, err := CompareAll(w.draw(random, 1))
			if err != nil {
				t.Fatal(err)
			}
			least := 1.0
			for _, c := range list {
				least = min(least, c.Adjusted)
				if c.Significant() {
					t.Fatal("one seed claims a difference of training sets")
				}
			}
			if least < Level {
				differ++
			}
		}
		t.Logf("%s: in %.3f of studies, classifiers differ", study.name, float64(differ)/float64(n))
		if differ == 0 {
			t.Error("no classifiers differ, so nothing was tried")
		}
	}
}
