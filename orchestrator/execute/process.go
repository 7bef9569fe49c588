package execute

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"kizu/orchestrator/execute/protocol"
)

// grace is how long a cancelled task may take to stop before its worker is killed.
const grace = 8 * time.Second

// Command says how to start a worker process.
type Command struct {
	Path string // the kizu binary
	Args []string
	Env  []string // added to the host's environment
}

// process is a worker process, seen from the host.
type process struct {
	cmd      *exec.Cmd
	requests io.WriteCloser
	events   chan protocol.Event // closed when the worker is gone
	log      string              // where its output goes until its first task
	kills    int                 // outOfMemoryKills when it started

	sending sync.Mutex
	ended   sync.Once
	how     string
}

// startProcess starts a worker for a device and waits until it is ready. Its
// output goes to the file log.
func startProcess(ctx context.Context, command Command, device, log string) (*process, protocol.Event, error) {
	none := protocol.Event{}
	output, err := os.OpenFile(log, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, none, err
	}
	defer output.Close()
	fromWorker, toHost, err := os.Pipe()
	if err != nil {
		return nil, none, err
	}
	cmd := exec.Command(command.Path, append(command.Args, "--device", device)...)
	cmd.Env = append(withoutPython(os.Environ()), command.Env...)
	cmd.Stdout, cmd.Stderr = output, output
	cmd.ExtraFiles = []*os.File{toHost}
	// A signal from the terminal is for the host, which cancels tasks in order.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	requests, err := cmd.StdinPipe()
	if err != nil {
		return nil, none, errors.Join(err, fromWorker.Close(), toHost.Close())
	}
	err = cmd.Start()
	_ = toHost.Close() // or else reading would not end with the worker
	if err != nil {
		return nil, none, errors.Join(fmt.Errorf("starting a worker: %w", err), fromWorker.Close())
	}
	p := &process{cmd: cmd, requests: requests, events: make(chan protocol.Event, 16), log: log, kills: outOfMemoryKills()}
	go p.receive(fromWorker)
	ready, err := p.await(ctx)
	if err != nil {
		p.kill()
		p.wait()
		return nil, none, err
	}
	return p, ready, nil
}

// harmless are variables of Python that change nothing but where its byte code
// and its crashes are written to.
var harmless = []string{"PYTHONPYCACHEPREFIX", "PYTHONDONTWRITEBYTECODE", "PYTHONFAULTHANDLER"}

// withoutPython is an environment without variables that are for the user's own Python: packages on
// PYTHONPATH would stand before those of the virtual environment, and PYTHONOPTIMIZE=2 takes away
// what libraries look for. Processes that a worker's Python starts do not get them either.
func withoutPython(environment []string) []string {
	return slices.DeleteFunc(environment, func(variable string) bool {
		name, _, _ := strings.Cut(variable, "=")
		return strings.HasPrefix(name, "PYTHON") && !slices.Contains(harmless, name)
	})
}

// receive passes the worker's events on until it is gone.
func (p *process) receive(from io.ReadCloser) {
	defer close(p.events)
	defer from.Close()
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var event protocol.Event
		if json.Unmarshal(line, &event) == nil {
			p.events <- event
		}
	}
}

// await returns the worker's first event, which says whether its device works.
func (p *process) await(ctx context.Context) (protocol.Event, error) {
	select {
	case <-ctx.Done():
		return protocol.Event{}, ctx.Err()
	case event, alive := <-p.events:
		switch {
		case !alive:
			how := p.wait()
			if p.killed() { // from outside: it may well work the next time
				return event, &DiedError{How: how, Log: p.log}
			}
			return event, &StartError{Failure: protocol.Failure{Message: how}, Log: p.log}
		case event.Type == protocol.Failed:
			return event, &StartError{Failure: *event.Failure, Log: p.log}
		}
		return event, nil
	}
}

func (p *process) send(request protocol.Request) error {
	text, err := json.Marshal(request)
	if err != nil {
		return err
	}
	p.sending.Lock()
	defer p.sending.Unlock()
	_, err = p.requests.Write(append(text, '\n'))
	return err
}

// stop lets an idle worker end, and kills it if it does not.
func (p *process) stop() {
	_ = p.requests.Close()
	timer := time.AfterFunc(grace, p.kill)
	defer timer.Stop()
	p.wait()
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
}

// killed reports whether a signal ended the process. It has ended.
func (p *process) killed() bool {
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled()
}

// wait waits for the process to end and returns how it did, in words.
func (p *process) wait() string {
	p.ended.Do(func() {
		for range p.events { // a worker blocked on a full pipe could not end
		}
		p.how = "it ended by itself"
		if err := p.cmd.Wait(); err != nil {
			p.how = err.Error()
		}
	})
	return p.how
}
