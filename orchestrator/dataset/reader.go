package dataset

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// Reader says what photos show.
type Reader interface {
	// Read looks at files and says of each, by its number and in any order, what it shows or what
	// is wrong with it. The error is one after which it can say nothing more.
	Read(ctx context.Context, paths []string, levels Levels, said func(i int, p Picture, err error)) error
}

// Python reads photos as the stages do, with their code, in processes that live
// as long as there are photos.
type Python struct {
	Program string // of the virtual environment
	Scripts string // the folder of common/photos.py
}

// mostReaders keeps a machine of many cores from reading a hundred photos of
// hundreds of megapixels at once.
const mostReaders = 8

// Read implements Reader.
func (p Python) Read(ctx context.Context, paths []string, levels Levels, said func(int, Picture, error)) error {
	var mu sync.Mutex
	next := 0
	take := func() int {
		mu.Lock()
		defer mu.Unlock()
		next++
		return next - 1
	}
	group, ctx := errgroup.WithContext(ctx)
	for range min(runtime.NumCPU(), mostReaders, len(paths)) {
		group.Go(func() (err error) {
			var process *photoProcess
			defer func() { process.end() }()
			for i := take(); i < len(paths); i = take() {
				if process == nil {
					if process, err = p.start(ctx, "photos"); err != nil {
						return err
					}
				}
				picture, wrong, died := process.ask(paths[i], levels)
				if ctx.Err() != nil {
					return ctx.Err()
				}
				if died != nil {
					process.end()
					process, wrong = nil, fmt.Errorf("image %s ended the Python that read it (%w): replace the file or take it out of the dataset", paths[i], died)
				}
				mu.Lock()
				said(i, picture, wrong)
				mu.Unlock()
			}
			return nil
		})
	}
	return group.Wait()
}

// NoPythonError is a Python that cannot be asked.
type NoPythonError struct{ Program, Reason string }

func (e *NoPythonError) Error() string {
	return fmt.Sprintf("photos are read with %s, which does not start (%s): run make build, or name another Python with --python", e.Program, e.Reason)
}

// program loads a module of common from the folder that it is given, and nothing else
// that the user's environment might have.
const program = "import sys; sys.path.insert(0, sys.argv[1]); from common import %[1]s; %[1]s.answer()"

// photoProcess is a process that reads photos, or draws them.
type photoProcess struct {
	cmd      *exec.Cmd
	requests io.WriteCloser
	answers  *bufio.Reader
	errors   *bytes.Buffer
}

// start starts a process that answers for a module of common.
func (p Python) start(ctx context.Context, module string) (*photoProcess, error) {
	cmd := exec.CommandContext(ctx, p.Program, "-I", "-X", "utf8", "-c", fmt.Sprintf(program, module), p.Scripts)
	cmd.Env = append(os.Environ(), "OPENBLAS_NUM_THREADS=1") // numpy starts faster
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}    // a signal from the terminal is for the host
	r := &photoProcess{cmd: cmd, errors: &bytes.Buffer{}}
	cmd.Stderr = r.errors
	failed := func(err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return &NoPythonError{p.Program, lastLine(r.errors.String(), err)}
	}
	var err error
	if r.requests, err = cmd.StdinPipe(); err != nil {
		return nil, failed(err)
	}
	answers, err := cmd.StdoutPipe()
	if err != nil {
		return nil, failed(err)
	}
	if err := cmd.Start(); err != nil {
		return nil, failed(err)
	}
	r.answers = bufio.NewReader(answers)
	if _, err := r.answers.ReadString('\n'); err != nil {
		return nil, failed(r.end())
	}
	return r, nil
}

// lastLine is what a program said last, or else how it ended.
func lastLine(text string, err error) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	if last := lines[len(lines)-1]; last != "" {
		return last
	}
	return fmt.Sprint(err)
}

// ask has a photo read. It is the photo that is wrong, or the process that died of it.
func (r *photoProcess) ask(path string, levels Levels) (picture Picture, wrong, died error) {
	request := struct {
		Path   string `json:"path"`
		Levels []int  `json:"levels"`
	}{path, append([]int{}, levels...)}
	var answer struct {
		Picture
		Error string `json:"error"`
	}
	if died := r.exchange(request, &answer); died != nil {
		return picture, nil, died
	}
	if answer.Error != "" {
		return picture, errors.New(answer.Error), nil
	}
	return answer.Picture, nil, nil
}

// exchange has a request answered. The error is how the process died of it.
func (r *photoProcess) exchange(request, answer any) error {
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	if _, err := r.requests.Write(append(text, '\n')); err != nil {
		return r.end()
	}
	line, err := r.answers.ReadBytes('\n')
	if err != nil {
		return r.end()
	}
	return json.Unmarshal(line, answer)
}

// end lets the process end, and says how it did; a second time says nothing.
func (r *photoProcess) end() error {
	if r == nil || r.cmd == nil {
		return nil
	}
	_ = r.requests.Close()
	err := r.cmd.Wait()
	r.cmd = nil
	if err == nil {
		err = errors.New("it ended by itself")
	}
	return err
}

// IfThere reads photos if there is a Python, and otherwise says nothing: what is
// remembered of photos is enough to show results.
type IfThere struct{ Reader }

// Read implements Reader.
func (r IfThere) Read(ctx context.Context, paths []string, levels Levels, said func(int, Picture, error)) error {
	err := r.Reader.Read(ctx, paths, levels, said)
	var none *NoPythonError
	if errors.As(err, &none) {
		return nil
	}
	return err
}
