package model

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// WidthOf adds up how many numbers a LoRA of rank 1 has on the UNet's layers whose names
// end so: what goes into a layer and what comes out of it. It is 0 where that cannot be
// seen: of a model that is not there yet, and of a single file, which names its layers
// otherwise. It reads headers only.
func (b *Base) WidthOf(layers []string) (width int64) {
	dir := filepath.Join(b.Place(), "unet")
	files, _ := fs.Glob(os.DirFS(dir), "*"+checkpointSuffix) // the pattern is sound
	seen := map[string]bool{}                                // variants have the same layers
	for _, file := range files {
		h, err := readHeader(filepath.Join(dir, file))
		if err != nil {
			return 0 // which Check says
		}
		for name, t := range h.tensors {
			layer, ok := strings.CutSuffix(name, ".weight")
			meant := func(end string) bool { return strings.HasSuffix(layer, "."+end) }
			if ok && !seen[name] && len(t.Shape) > 1 && slices.ContainsFunc(layers, meant) {
				seen[name] = true
				width += t.Shape[0] + t.size()/t.Shape[0]
			}
		}
	}
	return width
}
