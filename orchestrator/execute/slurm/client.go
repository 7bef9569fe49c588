package slurm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// patience is how long a command of Slurm's may take: a busy controller answers
// late, and one that is being restarted not at all.
const patience = time.Minute

// CommandError is a command of Slurm's that failed.
type CommandError struct {
	Command string
	Message string // its own
}

func (e *CommandError) Error() string { return fmt.Sprintf("%s says: %s", e.Command, e.Message) }

var beforeMessage = regexp.MustCompile(`(?m)^\w+: error: `)

// call runs a command and returns what it prints.
func call(ctx context.Context, name string, args ...string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not on this machine's PATH: Slurm's commands are needed here", name)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var output, problems bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Stdout, cmd.Stderr = &output, &problems
	if err := cmd.Run(); err != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return "", &CommandError{name, fmt.Sprintf("nothing for %s", patience)}
		}
		message := strings.TrimSpace(beforeMessage.ReplaceAllString(problems.String(), ""))
		if message == "" {
			message = err.Error()
		}
		return "", &CommandError{name, strings.ReplaceAll(message, "\n", "; ")}
	}
	return output.String(), nil
}

var jobID = regexp.MustCompile(`^\d+$`)

// Submit submits a script and returns the array's job id. An error holds the queue's own message.
func Submit(ctx context.Context, script string) (string, error) {
	text, err := call(ctx, "sbatch", "--parsable", script)
	if err != nil {
		return "", err
	}
	id, _, _ := strings.Cut(strings.TrimSpace(text), ";") // and the cluster's name
	if !jobID.MatchString(id) {
		return "", &CommandError{"sbatch", fmt.Sprintf("%q, which is no job id", text)}
	}
	return id, nil
}

// queue looks up the elements of arrays. Slurm forgets those that have ended
// some minutes ago: they are not among them.
func queue(ctx context.Context, jobs ...string) ([]Element, error) {
	if len(jobs) == 0 {
		return nil, nil
	}
	text, err := call(ctx, "squeue", "--noheader", "--array", "--states=all", "--jobs="+strings.Join(jobs, ","), "--format="+queueFormat)
	if forgotten(err) {
		return nil, nil
	}
	return parseQueue(text), err
}

// forgotten reports whether an error says that the queue has no such job (any more).
func forgotten(err error) bool {
	var said *CommandError
	return errors.As(err, &said) && strings.Contains(said.Message, "Invalid job id")
}

// Account looks up how elements ended. known is false where the cluster keeps no accounts.
func Account(ctx context.Context, jobs ...string) (list []Element, known bool) {
	if len(jobs) == 0 {
		return nil, true
	}
	text, err := call(ctx, "sacct", "--noheader", "--parsable2", "--jobs="+strings.Join(jobs, ","), "--format="+accountFormat)
	return parseAccount(text), err == nil
}

// Cancel ends arrays, elements that wait included.
func Cancel(ctx context.Context, jobs ...string) error {
	_, err := call(ctx, "scancel", jobs...)
	return err
}

// CancelWaiting ends those elements of an array that wait. Of a job that the
// queue has forgotten none does.
func CancelWaiting(ctx context.Context, job string) error {
	_, err := call(ctx, "scancel", "--state=PENDING", job)
	if forgotten(err) {
		return nil
	}
	return err
}

// Requeue puts the job that this process is in back into the queue, which ends this process.
func Requeue(ctx context.Context, job string) error {
	_, err := call(ctx, "scontrol", "requeue", job)
	return err
}

// TimeLeft asks how long a job may still run. limited is false where there is no
// limit, or nobody knows.
func TimeLeft(ctx context.Context, job string) (left time.Duration, limited bool) {
	text, err := call(ctx, "squeue", "--noheader", "--jobs="+job, "--format=%L")
	if err != nil {
		return 0, false
	}
	return parseTimeLeft(text)
}
