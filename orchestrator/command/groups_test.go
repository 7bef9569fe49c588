package command_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/store"
)

// groupsHeld reads the logs of all runs under a folder: an error names the first
// group that fell apart for one of these causes, or for any if none is given. A
// group that meets an exception costs time only and fails no run, so that a test
// would not see it.
func groupsHeld(dir string, causes ...progress.Cause) error {
	return filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
			return nil // a script may have taken away what it was about
		} else if err != nil || entry.Name() != "run.jsonl" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for line := range bytes.Lines(text) {
			var said struct {
				Apart   progress.Cause
				Msg     string
				LogTail string `json:"log_tail"`
			}
			if json.Unmarshal(line, &said) != nil || said.Apart == "" { // the last line of a killed run may be torn
				continue
			}
			if len(causes) == 0 || slices.Contains(causes, said.Apart) {
				return fmt.Errorf("%s: a group fell apart (%s): %s\n%s", path, said.Apart, said.Msg, said.LogTail)
			}
		}
		return nil
	})
}

// inGroups STORE requires that all LoRAs and all images of a store were computed
// beside others, and that no group fell apart.
func inGroups(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(groupsHeld(dir))
	st, err := store.At(dir)
	ts.Check(err)
	ts.Check(st.All(func(kind, key string) error {
		m, err := st.Manifest(kind, key)
		if err == nil && (kind == "train_lora" || kind == "generate") && m.Together < 2 {
			err = fmt.Errorf("%s was computed alone", m.Label)
		}
		return err
	}))
}

// TestGroupsHeld: the test above all others must see what it looks for.
func TestGroupsHeld(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "runs", "logs", "x", "run.jsonl")
	lines := `{"msg":"2 tasks computed together","apart":"memory","tasks":["a","b"]}` + "\n" +
		`{"msg":"3 tasks computed together","apart":"fault","tasks":["a","b"],"log_tail":"RuntimeError"}` + "\n" + `{"torn`
	if err := errors.Join(os.MkdirAll(filepath.Dir(log), 0o755), os.WriteFile(log, []byte(lines), 0o644)); err != nil {
		t.Fatal(err)
	}
	if err := groupsHeld(dir, progress.FaultCause); err == nil || !bytes.Contains([]byte(err.Error()), []byte("3 tasks")) {
		t.Errorf("a group that met a fault: %v", err)
	}
	if err := groupsHeld(dir); err == nil || !bytes.Contains([]byte(err.Error()), []byte("2 tasks")) {
		t.Errorf("a group that fell apart: %v", err)
	}
	if err := groupsHeld(dir, progress.WorkerCause); err != nil {
		t.Error(err)
	}
}
