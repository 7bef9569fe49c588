package command_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kizu/orchestrator/store"
)

// patience is how long scripts wait for something to happen.
const patience = 2 * time.Minute

// until GLOB REGEXP waits until a file has a text.
func until(ts *testscript.TestScript, neg bool, args []string) {
	if !waitFor(ts.MkAbs(args[0]), regexp.MustCompile(args[1])) || neg {
		ts.Fatalf("no file %s has %q", args[0], args[1])
	}
}

func waitFor(glob string, wanted *regexp.Regexp) bool {
	for began := time.Now(); time.Since(began) < patience; time.Sleep(10 * time.Millisecond) {
		paths, _ := filepath.Glob(glob)
		for _, path := range paths {
			if text, err := os.ReadFile(path); err == nil && wanted.Match(text) {
				return true
			}
		}
	}
	return false
}

// flip STORE TEXT FILE changes one bit in the middle of a file of the artifact
// whose label has the text.
func flip(ts *testscript.TestScript, _ bool, args []string) {
	st, err := store.At(ts.MkAbs(args[0]))
	ts.Check(err)
	entries, err := st.Journal()
	ts.Check(err)
	at := slices.IndexFunc(entries, func(e store.Entry) bool { return strings.Contains(e.Label, args[1]) })
	if at < 0 {
		ts.Fatalf("no artifact is called %q", args[1])
	}
	path := filepath.Join(st.Dir(entries[at].Kind, entries[at].Key), args[2])
	text, err := os.ReadFile(path)
	ts.Check(err)
	text[len(text)/2] ^= 1
	ts.Check(os.WriteFile(path, text, 0o644))
}

// once STORE requires that no artifact was ever committed twice.
func once(ts *testscript.TestScript, _ bool, args []string) {
	st, err := store.At(ts.MkAbs(args[0]))
	ts.Check(err)
	entries, err := st.Journal()
	ts.Check(err)
	seen := map[string]bool{}
	for _, entry := range entries {
		if seen[entry.Key] {
			ts.Fatalf("%s was computed twice", entry.Label)
		}
		seen[entry.Key] = true
	}
	if len(seen) == 0 {
		ts.Fatalf("nothing was computed")
	}
}

// stopped SIGNAL... FILE starts `kizu run FILE`, sends the signals once a
// training makes progress, and requires it to end with code 130 within 10 s.
func stopped(ts *testscript.TestScript, _ bool, args []string) {
	program, err := exec.LookPath("kizu")
	ts.Check(err)
	cmd := exec.Command(program, "run", args[len(args)-1])
	cmd.Dir, cmd.Env = ts.MkAbs("."), append(os.Environ(), environment(ts)...)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	ts.Check(cmd.Start())
	defer cmd.Process.Kill()
	if !waitFor(ts.MkAbs("runs/logs/*/live.json"), regexp.MustCompile(`"ended":false.*"task":"train_lora:[^}]*"done":[1-9][0-9]*,"total":100000`)) {
		ts.Fatalf("no training went on:\n%s", output.String())
	}
	began := time.Now()
	for i, name := range args[:len(args)-1] {
		if i > 0 {
			time.Sleep(50 * time.Millisecond)
		}
		ts.Check(cmd.Process.Signal(map[string]syscall.Signal{"TERM": syscall.SIGTERM, "INT": syscall.SIGINT}[name]))
	}
	var exit *exec.ExitError
	err = cmd.Wait()
	if took := time.Since(began); !errors.As(err, &exit) || exit.ExitCode() != 130 || took > 10*time.Second {
		ts.Fatalf("ended with %v after %v:\n%s", err, took, output.String())
	} else {
		ts.Logf("%s: ended after %v", strings.Join(args[:len(args)-1], " "), took)
	}
	if stack := regexp.MustCompile(`(?m)^(panic:|goroutine |Traceback)`); stack.Match(output.Bytes()) {
		ts.Fatalf("it says:\n%s", output.String())
	}
}

// tmpfs DIR SIZE mounts an empty file system of a size.
func tmpfs(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	ts.Check(syscall.Mount("tmpfs", dir, "tmpfs", 0, "mode=755,size="+args[1]))
	ts.Defer(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
}

// mountTmpfs tries whether this process may mount.
func mountTmpfs(dir, size string) error {
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size="+size); err != nil {
		return err
	}
	return syscall.Unmount(dir, 0)
}

// modes STORE requires that every file and folder of a store has the mode that
// the umask leaves to new ones.
func modes(ts *testscript.TestScript, _ bool, args []string) {
	status, err := os.ReadFile("/proc/self/status") // reading it by umask(2) would change it for others
	ts.Check(err)
	found := regexp.MustCompile(`(?m)^Umask:\s+0?(\d+)$`).FindSubmatch(status)
	if found == nil {
		ts.Fatalf("the kernel does not say what the umask is")
	}
	umask, err := strconv.ParseUint(string(found[1]), 8, 32)
	ts.Check(err)
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		want := fs.FileMode(0o666)
		if entry.IsDir() {
			want = 0o777
		}
		want &^= fs.FileMode(umask)
		info, err := entry.Info()
		if err == nil && info.Mode().Perm() != want {
			err = fmt.Errorf("%s has mode %v instead of %v", path, info.Mode().Perm(), want)
		}
		return err
	}))
}
