package mask

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"os"
	"slices"
	"strings"
	"testing"
)

// changed is a mask in a container whose bytes were changed.
func changed(t *testing.T, kind string, change func(text []byte) []byte) string {
	t.Helper()
	path := in(t, kind, filled(image.NewGray(image.Rect(0, 0, 6, 4)), color.Black, color.White))
	text, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, change(text), 0o666)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// withChunk is a PNG with one chunk more, after its header.
func withChunk(name string, body ...byte) func(text []byte) []byte {
	return func(text []byte) []byte {
		const header = 8 + 12 + 13
		chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		chunk = append(append(chunk, name...), body...)
		chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
		return slices.Concat(text[:header], chunk, text[header:])
	}
}

// orientation is EXIF that says nothing else.
func orientation(n byte) []byte {
	return append([]byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00"), n, 0, 0, 0, 0, 0, 0)
}

// secondPage is a TIFF with its page once more, in full or as one in small.
func secondPage(subfile byte) func(text []byte) []byte {
	return func(text []byte) []byte {
		order := binary.LittleEndian
		page := order.Uint32(text[4:])
		count := order.Uint16(text[page:])
		next := page + 2 + 12*uint32(count)
		order.PutUint32(text[next:], uint32(len(text)))
		text = order.AppendUint16(text, count+1)
		text = append(text, 254, 0, 4, 0, 1, 0, 0, 0, subfile, 0, 0, 0)
		text = append(text, text[page+2:next]...)
		return append(text, 0, 0, 0, 0)
	}
}

// turned is a TIFF that says how it is turned where it said that a pixel has one value.
func turned(text []byte) []byte {
	return bytes.Replace(text, []byte{0x15, 1, 3, 0, 1, 0, 0, 0, 1}, []byte{0x12, 1, 3, 0, 1, 0, 0, 0, 3}, 1)
}

func same(text []byte) []byte { return text }

// TestSingle: a file of several pictures, or one that says how it is turned, is no mask.
func TestSingle(t *testing.T) {
	for name, c := range map[string]struct {
		kind   string
		change func([]byte) []byte
		want   string
	}{
		"film":                   {"png", withChunk("acTL", 0, 0, 0, 3, 0, 0, 0, 0), "has 3 frames, of which one would be read: save each as a file of its own"},
		"one frame":              {"png", withChunk("acTL", 0, 0, 0, 1, 0, 0, 0, 0), ""},
		"turned PNG":             {"png", withChunk("eXIf", orientation(6)...), "is turned by its EXIF orientation, 6: save it upright"},
		"PNG that is not turned": {"png", withChunk("eXIf", orientation(1)...), ""},
		"EXIF of nothing":        {"png", withChunk("eXIf", 1, 2, 3), ""},
		"pages":                  {"tiff", secondPage(0), "has 2 pages"},
		"a page in small":        {"tiff", secondPage(1), ""},
		"turned TIFF":            {"tiff", turned, "is turned by its EXIF orientation, 3"},
		"BMP":                    {"bmp", same, ""},
	} {
		path := changed(t, c.kind, c.change)
		_, err := Read(path)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), path+" "+c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
