package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
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
