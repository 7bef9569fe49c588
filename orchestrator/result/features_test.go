package result

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
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
		near(t, "nearest other", NearestOther(shots, shots)[i].Distance, want)
	}
	near(t, "diversity", Diversity(made), 2.370761842892544)
	if Diversity(made[:1]) != 0 || Nearest(made, nil)[0].Index != -1 {
		t.Error("one image has no diversity, and no image a neighbour among none")
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
