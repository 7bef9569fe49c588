package mask

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// marked are the two pixels that every mask of these tests has.
func marked(x, y int) bool { return y == 1 && (x == 2 || x == 3) }

// filled paints what is marked in one colour and the rest in another.
func filled[I interface {
	image.Image
	Set(x, y int, c color.Color)
}](img I, ground, mark color.Color) I {
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if img.Set(x, y, ground); marked(x, y) {
				img.Set(x, y, mark)
			}
		}
	}
	return img
}

// in writes an image in one of the containers.
func in(t *testing.T, kind string, img image.Image) string {
	t.Helper()
	var text bytes.Buffer
	err := map[string]func() error{
		"png":  func() error { return png.Encode(&text, img) },
		"bmp":  func() error { return bmp.Encode(&text, img) },
		"tiff": func() error { return tiff.Encode(&text, img, &tiff.Options{Compression: tiff.Deflate}) },
		"jpeg": func() error { return jpeg.Encode(&text, img, nil) },
	}[kind]()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "mask."+kind)
	if err := os.WriteFile(path, text.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func palette(colours ...color.Color) *image.Paletted {
	return image.NewPaletted(image.Rect(0, 0, 6, 4), colours)
}

// TestRead: whatever is not zero is marked, in every mode that says it clearly.
func TestRead(t *testing.T) {
	size := image.Rect(0, 0, 6, 4)
	white, black, red := color.White, color.Black, color.NRGBA{R: 255, A: 255}
	for name, img := range map[string]image.Image{
		"8-bit grey":         filled(image.NewGray(size), black, white),
		"8-bit grey of 0, 1": filled(image.NewGray(size), black, color.Gray{Y: 1}),
		"16-bit grey":        filled(image.NewGray16(size), black, white),
		"16-bit grey of 1":   filled(image.NewGray16(size), black, color.Gray16{Y: 1}),
		"RGB":                filled(image.NewRGBA(size), black, red),
		"opaque alpha":       filled(image.NewNRGBA(size), black, red),
		"palette":            filled(palette(black, red, white), black, red),
		"palette of greys":   filled(palette(black, color.Gray{Y: 7}), black, color.Gray{Y: 7}),
	} {
		for _, kind := range []string{"png", "tiff", "bmp"} {
			if strings.Contains(name, "16-bit") && kind == "bmp" {
				continue // which would drop the lower half
			}
			m, err := Read(in(t, kind, img))
			if err != nil {
				t.Errorf("%s, %s: %v", name, kind, err)
				continue
			}
			if want := Of(6, 4, marked); m.Width != 6 || m.Height != 4 || len(m.Runs) != 1 || m.Runs[0] != want.Runs[0] {
				t.Errorf("%s, %s: read %v", name, kind, m)
			}
		}
	}
}

// TestUnclear: what leaves open which pixels are marked is refused, with the file.
func TestUnclear(t *testing.T) {
	size := image.Rect(0, 0, 6, 4)
	black, red := color.Black, color.NRGBA{R: 255, A: 255}
	text := filepath.Join(t.TempDir(), "mask.png")
	if err := os.WriteFile(text, []byte("no picture"), 0o666); err != nil {
		t.Fatal(err)
	}
	for want, path := range map[string]string{
		"transparent":                    in(t, "png", filled(image.NewNRGBA(size), color.NRGBA{}, red)),
		"without an alpha":               in(t, "png", filled(image.NewNRGBA(size), black, color.NRGBA{R: 255, A: 128})),
		"alpha channel":                  in(t, "png", filled(palette(color.NRGBA{}, red), color.NRGBA{}, red)),
		"has a palette":                  in(t, "png", filled(palette(red, black), black, red)),
		"only number 0":                  in(t, "png", filled(palette(color.White, red), color.White, red)),
		"save it as PNG":                 in(t, "jpeg", filled(image.NewGray(size), black, red)),
		"PNG, in grey with 8 bits":       text,
		"no such file or directory":      text + ".gone",
		"cannot be read (image: unknown": text,
	} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "mask "+path+" ") {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}
