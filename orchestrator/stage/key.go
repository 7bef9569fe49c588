package stage

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"image"
	"strings"
)

// identity is what goes into a key.
type identity[S any] struct {
	Kind    string `json:"kind"`
	Version int    `json:"version"` // of the stage's code
	Spec    S      `json:"spec"`
}

// Key is the SHA-256 of everything that can change an artifact, where version is
// that of the stage's code.
func Key(spec Spec, version int) (string, error) {
	return hashOf(identity[Spec]{spec.Kind(), version, spec})
}

// Identity writes what the key is the hash of. It is not kept: of a large plan
// it would be the most.
func Identity(spec Spec, version int) json.RawMessage {
	var text bytes.Buffer
	WriteIdentity(&text, spec, version)
	return bytes.TrimSpace(text.Bytes())
}

// WriteIdentity writes the same, and a newline.
func WriteIdentity(text *bytes.Buffer, spec Spec, version int) {
	_ = json.NewEncoder(text).Encode(identity[Spec]{spec.Kind(), version, spec}) // as it was when the key was made
}

// hashOf is the SHA-256 of what json.Marshal makes of a value. The text is not
// kept anywhere: those of a large plan would be most of the host's memory.
func hashOf(value any) (string, error) {
	sum := unterminated{sha256.New()}
	err := json.NewEncoder(sum).Encode(value)
	return hex.EncodeToString(sum.Sum(nil)), err
}

// unterminated leaves out the newline with which an encoder ends. Others are escaped.
type unterminated struct{ hash.Hash }

func (h unterminated) Write(text []byte) (int, error) {
	_, err := h.Hash.Write(bytes.TrimSuffix(text, []byte("\n")))
	return len(text), err
}

// Seed derives a task's seed from the experiment's seed and what the task is:
// the first 63 bits of a SHA-256.
func Seed(seed int64, parts ...string) int64 {
	text := fmt.Appendf(nil, "seed %d", seed)
	for _, part := range parts {
		text = append(append(text, 0), part...)
	}
	sum := sha256.Sum256(text)
	return int64(binary.BigEndian.Uint64(sum[:]) >> 1)
}

// Ref names something by its content, so that a key does not depend on where files lie:
// "sha256:<hash>" for an image, a model folder or a weights file, "artifact:<kind>/<key>/<file>"
// for part of an artifact, "name:<text>" for what the worker knows by name (a Hugging Face id,
// torchvision's weights). An image's may end in a region of it; see Region.
type Ref string

// Prefixes of a Ref.
const (
	byHash     = "sha256:"
	byArtifact = "artifact:"
	byName     = "name:"
)

// ByHash refers to a file or folder of the given SHA-256.
func ByHash(sum string) Ref { return Ref(byHash + sum) }

// ByName refers to what the worker knows by name.
func ByName(name string) Ref { return Ref(byName + name) }

// Artifact refers to an artifact's folder, or with a file to what is in it.
func Artifact(kind, key, file string) Ref {
	ref := byArtifact + kind + "/" + key
	if file != "" {
		ref += "/" + file
	}
	return Ref(ref)
}

// Region refers to a part of an image, in whole pixels of the upright photo, in
// the notation of W3C Media Fragments: "sha256:<hash>#xywh=<x>,<y>,<w>,<h>". An
// empty rectangle stands for all of the image, which has no fragment.
func (r Ref) Region(part image.Rectangle) Ref {
	whole, _ := r.Whole()
	if part.Empty() {
		return whole
	}
	return whole + Ref(fmt.Sprintf("#xywh=%d,%d,%d,%d", part.Min.X, part.Min.Y, part.Dx(), part.Dy()))
}

// Whole refers to all of the image that r refers to a region of, and gives what
// its path takes to be that of the region: "#xywh=…", or "".
func (r Ref) Whole() (whole Ref, fragment string) {
	if at := strings.IndexByte(string(r), '#'); at >= 0 && strings.HasPrefix(string(r), byHash) {
		return r[:at], string(r[at:])
	}
	return r, ""
}

// Part is the region that r refers to; empty for all of the image.
func (r Ref) Part() (part image.Rectangle) {
	var width, height int
	_, fragment := r.Whole()
	if n, _ := fmt.Sscanf(fragment, "#xywh=%d,%d,%d,%d", &part.Min.X, &part.Min.Y, &width, &height); n == 4 {
		part.Max = part.Min.Add(image.Pt(width, height))
	}
	return part
}

// Hash is the SHA-256 of what is referred to by it; of a region, of its image.
func (r Ref) Hash() (sum string, ok bool) {
	whole, _ := r.Whole()
	return strings.CutPrefix(string(whole), byHash)
}

// Name is the name of what is referred to by it, otherwise the reference itself.
func (r Ref) Name() string { return strings.TrimPrefix(string(r), byName) }

// Artifact takes the reference of an artifact apart; file is "" for its folder.
func (r Ref) Artifact() (kind, key, file string, ok bool) {
	rest, ok := strings.CutPrefix(string(r), byArtifact)
	if !ok {
		return "", "", "", false
	}
	kind, rest, _ = strings.Cut(rest, "/")
	key, file, _ = strings.Cut(rest, "/")
	return kind, key, file, true
}

func mapped(refs []Ref, f func(Ref) Ref) []Ref {
	result := make([]Ref, len(refs))
	for i, ref := range refs {
		result[i] = f(ref)
	}
	return result
}

// mappedAll maps the references of several lists; none stay none.
func mappedAll(lists [][]Ref, f func(Ref) Ref) [][]Ref {
	if lists == nil {
		return nil
	}
	result := make([][]Ref, len(lists))
	for i, refs := range lists {
		result[i] = mapped(refs, f)
	}
	return result
}
