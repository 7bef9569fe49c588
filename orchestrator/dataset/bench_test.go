package dataset

import (
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kizu/orchestrator/filehash"
)

// BenchmarkScan times the scan of as many photos as elpv-dataset has: their
// files read one after another, a few at a time, and remembered from before.
func BenchmarkScan(b *testing.B) {
	const photos, size = 2624, 64 << 10
	root := b.TempDir()
	for i := range photos {
		path := filepath.Join(root, "good", fmt.Sprintf("%04d.png", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			b.Fatal(err)
		}
		text := make([]byte, size)
		_, _ = rand.Read(text) // never fails
		if err := os.WriteFile(path, text, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	time.Sleep(2100 * time.Millisecond) // younger files are not remembered
	memory := filepath.Join(b.TempDir(), "hashes.json")
	known := Remember(memory)
	scan := func(h *Memory) {
		set, err := Scanner{Memory: h}.Scan(Folder{Format: "folders", Root: root, Classes: []string{"good"}})
		if err != nil || len(set.Images) != photos {
			b.Fatal(set, err)
		}
	}
	scan(known)
	known.Save()
	for _, bench := range []struct {
		name string
		scan func()
	}{
		{"one after another", func() {
			found, err := find(Folder{Format: "folders", Root: root, Classes: []string{"good"}})
			if err != nil {
				b.Fatal(err)
			}
			for _, img := range found.images {
				if _, err := filehash.File(img.Path); err != nil {
					b.Fatal(err)
				}
			}
		}},
		{"at once", func() { scan(Remember(filepath.Join(root, "none.json"))) }},
		{"remembered", func() { scan(Remember(memory)) }},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				bench.scan()
			}
			b.ReportMetric(photos, "photos")
		})
	}
}
