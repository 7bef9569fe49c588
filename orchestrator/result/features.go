package result

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"gonum.org/v1/gonum/floats"
)

// Features are what a network sees in images: one row of numbers for each.
type Features [][]float64

// mostFeatures bounds what a file is believed to hold: a million images' worth.
const mostFeatures = 1 << 30

// ReadFeatures reads one tensor of a safetensors file: 32-bit floats, images × features. The format
// is eight bytes of header length, a JSON header, and the numbers, all little-endian
// (huggingface.co/docs/safetensors); no library of Go is kept up that reads it.
func ReadFeatures(r io.Reader, tensor string) (Features, error) {
	var length uint64
	if err := binary.Read(r, binary.LittleEndian, &length); err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	if length > 1<<20 {
		return nil, fmt.Errorf("features: a header of %d bytes", length)
	}
	text := make([]byte, length)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	header := map[string]json.RawMessage{}
	if err := json.Unmarshal(text, &header); err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	var entry struct {
		DType   string   `json:"dtype"`
		Shape   []int64  `json:"shape"`
		Offsets [2]int64 `json:"data_offsets"`
	}
	if err := json.Unmarshal(header[tensor], &entry); err != nil {
		return nil, fmt.Errorf("features: no tensor %q: %w", tensor, err)
	}
	if entry.DType != "F32" || len(entry.Shape) != 2 {
		return nil, fmt.Errorf("features: tensor %q is %s %v, want F32 of images × features", tensor, entry.DType, entry.Shape)
	}
	rows, columns, begin := entry.Shape[0], entry.Shape[1], entry.Offsets[0]
	if rows < 0 || columns < 1 || begin < 0 || rows > mostFeatures/columns || entry.Offsets[1]-begin != 4*rows*columns {
		return nil, fmt.Errorf("features: tensor %q: shape %v does not fit %v", tensor, entry.Shape, entry.Offsets)
	}
	if _, err := io.CopyN(io.Discard, r, begin); err != nil {
		return nil, fmt.Errorf("features: %w", err)
	}
	return readRows(r, int(rows), int(columns))
}

func readRows(r io.Reader, rows, columns int) (Features, error) {
	var f Features
	numbers := make([]float32, columns)
	for range rows {
		if err := binary.Read(r, binary.LittleEndian, numbers); err != nil {
			return nil, fmt.Errorf("features: the file is cut short: %w", err)
		}
		row := make([]float64, columns)
		for i, x := range numbers {
			if row[i] = float64(x); math.IsNaN(row[i]) || math.IsInf(row[i], 0) {
				return nil, errors.New("features: a number is not finite")
			}
		}
		f = append(f, row)
	}
	return f, nil
}

// Neighbour is the nearest of some images.
type Neighbour struct {
	Index    int // -1 if there is none
	Distance float64
}

// Nearest finds for every image the nearest of others, by the Euclidean distance of their features.
func Nearest(images, others Features) []Neighbour {
	list := make([]Neighbour, len(images))
	for i, row := range images {
		list[i] = nearest(row, others, func(int) bool { return false })
	}
	return list
}

// NearestOther finds for every image the nearest of others that is not one of
// its own: those whose place is its own after another whole round of images.
func NearestOther(images, others Features) []Neighbour {
	list := make([]Neighbour, len(images))
	for i, row := range images {
		list[i] = nearest(row, others, func(j int) bool { return j%len(images) == i })
	}
	return list
}

func nearest(row []float64, others Features, except func(int) bool) Neighbour {
	best := Neighbour{-1, math.Inf(1)}
	for j, other := range others {
		if except(j) {
			continue
		}
		if d := floats.Distance(row, other, 2); d < best.Distance {
			best = Neighbour{j, d}
		}
	}
	return best
}

// Diversity is the mean distance of two of the images; 0 if there are not two.
func Diversity(images Features) float64 {
	sum, pairs := 0.0, 0
	for i := range images {
		for j := range images[:i] {
			sum += floats.Distance(images[i], images[j], 2)
			pairs++
		}
	}
	if pairs == 0 {
		return 0
	}
	return sum / float64(pairs)
}
