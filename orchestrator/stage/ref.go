package stage

import "strings"

// Ref names something by its content, so that a key does not depend on where
// files lie: "sha256:<hash>" for an image, a model folder or a weights file,
// "artifact:<kind>/<key>/<file>" for part of an artifact, "name:<text>" for
// what the worker knows by name (a Hugging Face id, torchvision's weights).
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

// Hash is the SHA-256 of what is referred to by it.
func (r Ref) Hash() (sum string, ok bool) { return strings.CutPrefix(string(r), byHash) }

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
