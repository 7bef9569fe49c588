package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Identity reads what went into an artifact's key, and nothing else of its manifest: with
// thousands of artifacts, decoding all of each would take seconds. It is part of the buffer,
// whose content it takes the place of.
func (s *Store) Identity(kind, key string, buffer *bytes.Buffer) (json.RawMessage, error) {
	file, err := os.Open(filepath.Join(s.Dir(kind, key), manifestName))
	if err != nil {
		return nil, err
	}
	buffer.Reset()
	fields := map[string]json.RawMessage{}
	if _, err = buffer.ReadFrom(file); err == nil {
		err = Fields(fields, buffer.Bytes())
	}
	return fields["identity"], errors.Join(err, file.Close())
}

// Fields adds the texts of the fields of a JSON object, of which it only finds the ends: what is
// between them need not be JSON. Names must have no escapes.
func Fields(fields map[string]json.RawMessage, text json.RawMessage) error {
	rest, more := bytes.CutPrefix(bytes.TrimSpace(text), []byte("{"))
	for more && len(bytes.TrimSpace(rest)) > 1 {
		end := valueEnd(rest)
		name, after := bytes.TrimSpace(rest[:end]), rest[end:]
		if len(name) < 2 || len(after) == 0 || after[0] != ':' {
			break
		}
		end = valueEnd(after[1:]) + 1
		fields[string(name[1:len(name)-1])] = bytes.TrimSpace(after[1:end])
		rest, more = bytes.CutPrefix(after[end:], []byte(","))
	}
	if string(bytes.TrimSpace(rest)) != "}" {
		return fmt.Errorf("%.20q is no object of JSON", text)
	}
	return nil
}

// valueEnd is where the value ends that a text begins with: at what closes or goes on with the
// object that it is in.
func valueEnd(text []byte) int {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '"':
			i += StringEnd(text[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']', ',', ':':
			if depth == 0 {
				return i
			}
			if c == '}' || c == ']' {
				depth--
			}
		}
	}
	return len(text)
}

// StringEnd is the length of the string of JSON that a text begins with, its quotes included.
func StringEnd(text []byte) int {
	for i := 1; i < len(text); i++ {
		quote := bytes.IndexByte(text[i:], '"')
		if quote < 0 {
			break
		}
		i += quote
		escapes := i - len(bytes.TrimRight(text[:i], `\`))
		if escapes%2 == 0 {
			return i + 1
		}
	}
	return len(text)
}
