package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Entry is one line of the journal: an artifact was committed. The journal only
// saves reading every manifest to find what was made for the same cell before,
// or how long such tasks take; a lost line costs an estimate and nothing else.
type Entry struct {
	Kind    string    `json:"kind"`
	Key     string    `json:"key"`
	Label   string    `json:"label"`
	Host    string    `json:"host"`
	Device  string    `json:"device"`
	Seconds float64   `json:"seconds"`
	Effort  float64   `json:"effort"` // as stage.Spec.Effort counts it, of what was computed
	Bytes   int64     `json:"bytes"`
	Time    time.Time `json:"time"`
}

func (s *Store) journalPath() string { return filepath.Join(s.root, "journal.jsonl") }

// note appends an artifact to the journal, by one write, so that lines of
// several processes do not mix.
func (s *Store) note(m *Manifest) error {
	entry := Entry{
		Kind: m.Kind, Key: m.Key, Label: m.Label, Host: m.Host, Device: m.Device,
		Seconds: m.Took().Seconds(), Effort: m.Effort, Time: m.Finished,
	}
	for _, file := range m.Files {
		entry.Bytes += file.Size
	}
	text, err := json.Marshal(entry)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(s.journalPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	return errors.Join(err, file.Close())
}

// writeJournal replaces the journal.
func (s *Store) writeJournal(entries []Entry) error {
	var text bytes.Buffer
	lines := json.NewEncoder(&text)
	for _, entry := range entries {
		if err := lines.Encode(entry); err != nil {
			return err
		}
	}
	return replaceSynced(s.journalPath(), text.Bytes())
}

// Journal reads every entry, the oldest first. Lines that cannot be read, such
// as one cut off by a crash, are passed over.
func (s *Store) Journal() ([]Entry, error) {
	file, err := os.Open(s.journalPath())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	defer file.Close()
	var entries []Entry
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var entry Entry
		if json.Unmarshal(lines.Bytes(), &entry) == nil && entry.Kind != "" && entry.Key != "" {
			entries = append(entries, entry)
		}
	}
	return entries, lines.Err()
}

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
