package model

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// header is what a safetensors file says of its tensors before their bytes
// (github.com/huggingface/safetensors, "Format").
type header struct {
	path     string
	tensors  map[string]tensor
	metadata map[string]string
	begin    int64 // where the tensors' bytes begin in the file
}

// tensor is a tensor's type, shape, and place among the file's tensors.
type tensor struct {
	Type    string   `json:"dtype"` // F32, F16, BF16, …
	Shape   []int64  `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// size counts a tensor's numbers.
func (t tensor) size() int64 {
	size := int64(1)
	for _, side := range t.Shape {
		size *= side
	}
	return size
}

// longestHeader is the limit of the format's reference implementation, in bytes.
const longestHeader = 100_000_000

// readHeader reads a file's header, and requires the file to be as long as the
// header says: a download that broke off is found without reading the weights.
func readHeader(path string) (*header, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	damaged := func(err error) error { return fmt.Errorf("%s is damaged (%w): download it again", path, err) }
	info, err := file.Stat()
	if err != nil {
		return nil, err
	}
	var size uint64
	if err := binary.Read(file, binary.LittleEndian, &size); err != nil {
		return nil, damaged(err)
	}
	if size > uint64(info.Size()) || size > longestHeader {
		return nil, damaged(errors.New("its header is cut off"))
	}
	entries := map[string]json.RawMessage{}
	if err := json.NewDecoder(io.LimitReader(file, int64(size))).Decode(&entries); err != nil {
		return nil, damaged(err)
	}
	h := &header{path: path, tensors: make(map[string]tensor, len(entries)), metadata: map[string]string{}, begin: 8 + int64(size)}
	end := int64(0)
	for name, text := range entries {
		if name == "__metadata__" {
			_ = json.Unmarshal(text, &h.metadata) // nothing that is read here depends on it being sound
			continue
		}
		var t tensor
		if err := json.Unmarshal(text, &t); err != nil {
			return nil, damaged(fmt.Errorf("tensor %s: %w", name, err))
		}
		h.tensors[name] = t
		end = max(end, t.Offsets[1])
	}
	if want := h.begin + end; want != info.Size() {
		return nil, damaged(fmt.Errorf("%d bytes instead of %d", info.Size(), want))
	}
	return h, nil
}

// Tensors is a whole .safetensors file.
type Tensors struct {
	Metadata map[string]string
	Data     []byte // of the tensors

	header *header
}

// ReadTensors reads a file.
func ReadTensors(path string) (*Tensors, error) {
	h, err := readHeader(path)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return &Tensors{h.metadata, text[h.begin:], h}, nil
}

// With is the file as it is with other metadata. Its tensors stay byte for byte.
func (t *Tensors) With(metadata map[string]string) ([]byte, error) {
	entries := map[string]any{"__metadata__": metadata}
	for name, t := range t.header.tensors {
		entries[name] = t
	}
	head, err := json.Marshal(entries)
	head = append(head, bytes.Repeat([]byte{' '}, -len(head)&7)...) // tensors begin at multiples of 8
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...), t.Data...), err
}

// values reads the numbers of a small tensor.
func (h *header) values(name string) ([]float64, error) {
	t, ok := h.tensors[name]
	if !ok {
		return nil, fmt.Errorf("%s has no tensor %s", h.path, name)
	}
	width := map[string]int64{"F32": 4, "F16": 2, "BF16": 2}[t.Type]
	if width == 0 || t.Offsets[1]-t.Offsets[0] != width*t.size() {
		return nil, fmt.Errorf("%s: tensor %s has %d bytes of %s for %v numbers", h.path, name, t.Offsets[1]-t.Offsets[0], t.Type, t.Shape)
	}
	file, err := os.Open(h.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text := make([]byte, width*t.size())
	if _, err := file.ReadAt(text, h.begin+t.Offsets[0]); err != nil {
		return nil, err
	}
	values := make([]float64, t.size())
	for i := range values {
		switch t.Type {
		case "F32":
			values[i] = float64(math.Float32frombits(binary.LittleEndian.Uint32(text[4*i:])))
		case "BF16":
			values[i] = float64(math.Float32frombits(uint32(binary.LittleEndian.Uint16(text[2*i:])) << 16))
		case "F16":
			values[i] = half(binary.LittleEndian.Uint16(text[2*i:]))
		}
	}
	return values, nil
}

// half is the number that an IEEE 754 binary16 stands for.
func half(bits uint16) float64 {
	exponent, fraction := int(bits>>10&0x1f), float64(bits&0x3ff)
	value := math.Ldexp(1+fraction/1024, exponent-15)
	switch exponent {
	case 0:
		value = math.Ldexp(fraction, -24)
	case 31:
		value = math.Inf(1)
		if fraction != 0 {
			value = math.NaN()
		}
	}
	if bits&0x8000 != 0 {
		return -value
	}
	return value
}
