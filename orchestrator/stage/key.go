package stage

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
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
