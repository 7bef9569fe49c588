package mask

import (
	"encoding/binary"
	"fmt"
	"io"
)

// The tags of TIFF 6.0 and of EXIF, which is written as a TIFF, that are looked at.
const (
	tagSubfile     = 254 // bit 0: a page is another one in small
	tagOrientation = 274
)

// single makes sure that a file holds one picture and says of none that it lies otherwise
// than its pixels do: of a film and of pages all but the first would be lost in silence,
// and no programs agree on which masks they turn.
func single(file io.ReaderAt, kind string) error {
	pictures, what, orientation := 1, "pages", 1
	switch kind {
	case "png":
		pictures, orientation = inPNG(file)
		what = "frames"
	case "tiff":
		pictures, orientation = inTIFF(file)
	}
	switch {
	case pictures > 1:
		return fmt.Errorf("has %d %s, of which one would be read: save each as a file of its own, such as 000_1.png", pictures, what)
	case orientation > 1:
		return fmt.Errorf("is turned by its EXIF orientation, %d: save it upright, without EXIF", orientation)
	}
	return nil
}

// inPNG is how many frames a PNG has (APNG's acTL) and its EXIF orientation (eXIf).
func inPNG(file io.ReaderAt) (frames, orientation int) {
	frames, orientation = 1, 1
	var head [12]byte // length and type of a chunk, and its first bytes
	for at := int64(8); ; {
		if n, _ := file.ReadAt(head[:], at); n < len(head) {
			return frames, orientation
		}
		length := int64(binary.BigEndian.Uint32(head[:]))
		switch string(head[4:8]) {
		case "acTL":
			frames = int(binary.BigEndian.Uint32(head[8:]))
		case "eXIf":
			_, orientation = inTIFF(io.NewSectionReader(file, at+8, length))
		}
		at += 12 + length
	}
}

// inTIFF is how many pages a TIFF has, those aside that show others in small, and the
// orientation of the first.
func inTIFF(file io.ReaderAt) (pages, orientation int) {
	var order binary.ByteOrder = binary.LittleEndian
	orientation = 1
	var head [8]byte
	if n, _ := file.ReadAt(head[:], 0); n == len(head) && head[0] == 'M' {
		order = binary.BigEndian
	}
	const most = 100 // pages that are looked at: a list may bite its tail
	at := int64(order.Uint32(head[4:]))
	for range most {
		var count [2]byte
		if n, _ := file.ReadAt(count[:], at); at == 0 || n < len(count) {
			break
		}
		entries := make([]byte, 12*int(order.Uint16(count[:]))+4) // and where the next list is
		if n, _ := file.ReadAt(entries, at+2); n < len(entries)-4 {
			break
		}
		small := false
		for ; len(entries) > 4; entries = entries[12:] {
			switch order.Uint16(entries) {
			case tagSubfile:
				small = order.Uint32(entries[8:])&1 != 0
			case tagOrientation:
				if pages == 0 {
					orientation = int(order.Uint16(entries[8:]))
				}
			}
		}
		if !small {
			pages++
		}
		at = int64(order.Uint32(entries))
	}
	return pages, orientation
}
