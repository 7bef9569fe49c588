package result

import "math"

// power is the probability with which a difference as large as Detectable is
// found: the usual one (Cohen, Statistical Power Analysis, 2nd ed., 1988).
const power = 0.8

// detectable is the smallest true difference in accuracy that these runs on
// these test images, or parts, would find with a probability of 80 %: the standard error
// times the sum of the test's quantile and the power's (Bloom, Evaluation
// Review 19, 1995), the test at Level divided by the number of comparisons,
// which is the first step of Holm's method. It is no less than leastImages:
// fewer images in one direction could not be significant whatever they show.
func (c Comparison) detectable(images, comparisons int) float64 {
	level := Level / float64(comparisons)
	bloom := (c.variance.quantile(1-level/2) + c.variance.quantile(power)) * c.Difference.SE
	return min(1, max(bloom, float64(leastImages(level))/float64(images)))
}

// leastImages is the smallest number of images found by one condition alone,
// and none by the other alone, whose exact p value 2·2^-k is below a level.
func leastImages(level float64) int { return int(math.Floor(1-math.Log2(level))) + 1 }
