package result

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Five generated images and four real ones, of four features.
var (
	made  = Features{{1, 2, 0, 1}, {0, 1, 1, 3}, {2, 2, 1, 0}, {1, 0, 2, 2}, {0.5, 1, 1, 1}}
	shots = Features{{1, 1, 1, 1}, {2, 0, 0, 1}, {0, 2, 1, 1}, {3, 1, 0, 2}}
)

// The wanted values are those of scipy 1.17.1's cdist: its minima along rows,
// and the mean above the diagonal.
func TestDistancesAgainstScipy(t *testing.T) {
	for i, want := range []float64{math.Sqrt(2), math.Sqrt(5), math.Sqrt(3), math.Sqrt(3), 0.5} {
		if got := Nearest(made, shots)[i]; got.Index != 0 || math.Abs(got.Distance-want) > 1e-12 {
			t.Errorf("image %d: %+v, want %g", i, got, want)
		}
	}
	for i, want := range []float64{math.Sqrt(2), math.Sqrt(3), math.Sqrt(2), math.Sqrt(3)} {
		near(t, "nearest other", NearestOther(shots)[i].Distance, want)
	}
	if got := Copies(Nearest(made, shots), NearestOther(shots)); !slices.Equal(got, []bool{false, false, false, false, true}) {
		t.Errorf("copies: %v", got)
	}
	near(t, "diversity", Diversity(made), 2.370761842892544)
	if Diversity(made[:1]) != 0 || Copies(Nearest(made, shots), nil)[4] || Nearest(made, nil)[0].Index != -1 {
		t.Error("one image has neither diversity nor copies, and no image a neighbour among none")
	}
}

// A photo is taken for a copy as often as is said: of 5 % with many reference
// photos, 1 of n+1 with few.
func TestCopiesOfPhotos(t *testing.T) {
	random := rand.New(rand.NewPCG(11, 12))
	for n, want := range map[int]float64{9: 0.1, 18: 1.0 / 19, 59: 0.05, 99: 0.05} {
		flagged := 0
		const simulations = 4000
		for range simulations {
			reference := make([]Neighbour, n)
			for i := range reference {
				reference[i].Distance = random.Float64()
			}
			flagged += len(slices.DeleteFunc(Copies([]Neighbour{{0, random.Float64()}}, reference), func(copied bool) bool { return !copied }))
		}
		if rate := float64(flagged) / simulations; math.Abs(rate-want) > 0.015 {
			t.Errorf("%d reference photos: %.3f of photos are called copies, want %.3f", n, rate, want)
		}
	}
}

// The wanted values are numpy 2.4's, from the kernel's matrix as Bińkowski et
// al. write it, and once for each image left out.
func TestKIDAgainstNumpy(t *testing.T) {
	got, ok := KID(made, shots)
	near(t, "KID", got.Mean, -1.4041666666666686)
	near(t, "its standard error", got.SE, 6.024732109083327)
	if _, few := KID(made[:2], shots); !ok || few {
		t.Error("two images have a KID, or five have none")
	}
}

// gauss draws n images of so many features around a shift.
func gauss(random *rand.Rand, n, features int, shift float64) Features {
	f := make(Features, n)
	for i := range f {
		for range features {
			f[i] = append(f[i], shift+random.NormFloat64())
		}
	}
	return f
}

// KID's intervals hold the true distance with eight images as with more. Where
// it is 0 the statistic is degenerate, and the jackknife's variance too large.
func TestKIDCovers(t *testing.T) {
	const simulations, features = 1000, 16
	for _, test := range []struct {
		generated, real int
		shift           float64
	}{{8, 60, 0}, {8, 60, 0.5}, {30, 60, 0.5}, {30, 30, 0}} {
		random := rand.New(rand.NewPCG(9, 10))
		truth := truthOf(features, test.shift)
		held := 0
		for range simulations {
			got, _ := KID(gauss(random, test.generated, features, test.shift), gauss(random, test.real, features, 0))
			if got.Interval.Low <= truth && truth <= got.Interval.High {
				held++
			}
		}
		if rate := float64(held) / simulations; rate < 0.93 {
			t.Errorf("%d and %d images, shift %g: %.1f %% hold %.4f", test.generated, test.real, test.shift, 100*rate, truth)
		}
	}
}

// truthOf is the squared discrepancy of two normal distributions of d features
// with unit variances, the means of all features apart by shift. With z = x·y/d,
// E(1+z)³ = 1 + 3Ez + 3Ez² + Ez³ of independent x and y, from the moments of the
// d products.
func truthOf(d int, shift float64) float64 {
	kernel := func(a, b float64) float64 {
		// Moments of one product of independent N(a,1) and N(b,1).
		m1, m2, m3 := a*b, (1+a*a)*(1+b*b), (a*a*a+3*a)*(b*b*b+3*b)
		n := float64(d)
		second := n*m2 + n*(n-1)*m1*m1
		third := n*m3 + 3*n*(n-1)*m2*m1 + n*(n-1)*(n-2)*m1*m1*m1
		return 1 + 3*m1 + 3*second/(n*n) + third/(n*n*n)
	}
	return kernel(shift, shift) + kernel(0, 0) - 2*kernel(shift, 0)
}

// tensor writes a safetensors file with one tensor after eight bytes of another.
func tensor(shape string, numbers ...float32) []byte {
	header := fmt.Sprintf(`{"__metadata__":{"a":"b"},"f":{"dtype":"F32","shape":%s,"data_offsets":[8,%d]}}`, shape, 8+4*len(numbers))
	var file bytes.Buffer
	_ = binary.Write(&file, binary.LittleEndian, uint64(len(header)))
	file.WriteString(header + "12345678")
	_ = binary.Write(&file, binary.LittleEndian, numbers)
	return file.Bytes()
}

func TestReadFeatures(t *testing.T) {
	got, err := ReadFeatures(bytes.NewReader(tensor("[2,3]", 1, 2, 3, 4, 5, 6)), "f")
	if err != nil || fmt.Sprint(got) != "[[1 2 3] [4 5 6]]" {
		t.Errorf("got %v, %v", got, err)
	}
	whole := tensor("[2,2]", 1, 2, 3, 4)
	for want, file := range map[string][]byte{
		"features: EOF":     nil,
		"a header of":       bytes.Repeat([]byte{255}, 20),
		"invalid character": append([]byte{2, 0, 0, 0, 0, 0, 0, 0}, "no"...),
		"cut short":         whole[:len(whole)-1],
		"does not fit":      tensor("[3,2]", 1, 2, 3, 4),
		"want F32":          tensor("[4]", 1, 2, 3, 4),
		"is not finite":     tensor("[1,1]", float32(math.NaN())),
	} {
		if _, err := ReadFeatures(bytes.NewReader(file), "f"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := ReadFeatures(bytes.NewReader(whole), "g"); err == nil || !strings.Contains(err.Error(), `no tensor "g"`) {
		t.Errorf("got %v", err)
	}
}

func FuzzReadFeatures(f *testing.F) {
	f.Add(tensor("[2,2]", 1, 2, 3, 4))
	f.Add(tensor("[-1,2]", 1))
	f.Fuzz(func(t *testing.T, file []byte) {
		features, err := ReadFeatures(bytes.NewReader(file), "f")
		if err == nil && 4*len(features) > len(file) {
			t.Errorf("%d rows of %d bytes", len(features), len(file))
		}
	})
}
