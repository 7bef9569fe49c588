package execute_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/execute/progress"
	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/stage"
)

// groups lists the calls of a run that were for several tasks, each with the
// number of its tasks, and the ids of tasks that were asked for alone.
func (f *fixture) groups() (together map[string]int, alone []string) {
	text, _ := os.ReadFile(f.notes)
	together = map[string]int{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		if strings.HasSuffix(words[0], ".run_together") {
			together[words[0]] = max(together[words[0]], len(words)-1)
		} else if strings.HasSuffix(words[0], ".run") {
			alone = append(alone, words[1])
		}
	}
	return together, alone
}

// lines lists the calls that begin so.
func (f *fixture) lines(start string) []string {
	return slices.DeleteFunc(f.calls(), func(line string) bool { return !strings.HasPrefix(line, start) })
}

func TestTasksThatAllowItAreComputedTogether(t *testing.T) {
	f := newFixture(t)
	f.together = 16
	told := &recorder{}
	p, summary, err := f.run(t.Context(), "well", told, "cpu")
	if err != nil || summary.Done != len(p.Tasks) || len(told.apart) > 0 {
		t.Fatalf("done %d of %d, failures %v, error %v, fell apart %v", summary.Done, len(p.Tasks), summary.Failures, err, told.apart)
	}
	together, alone := f.groups()
	if together["train_lora.run_together"] < 3 || together["generate.run_together"] < 3 {
		t.Errorf("groups %v, want all trainings that can begin, and all images of them", together)
	}
	for _, task := range p.Tasks {
		m, err := f.store.Manifest(task.Kind, task.Key)
		if err != nil {
			t.Fatal(err)
		}
		if group := !slices.Contains(alone, task.ID); group != (m.Together > 1) || m.Seconds <= 0 {
			t.Errorf("%s: computed with %d others in %g s, asked for alone %v", task.Label, m.Together, m.Seconds, !group)
		}
		if _, err := os.Stat(filepath.Join(f.store.Logs("test"), strings.ReplaceAll(task.ID, ":", "-")+".log")); err != nil && m.Together > 1 {
			t.Errorf("%s has no log: %v", task.Label, err)
		}
	}
	f.nothingHalfDone()
}

func TestAMemberThatFailsIsTheOnlyOne(t *testing.T) {
	f := newFixture(t)
	f.together, f.team = 16, runlog.FailureLogOf(t.TempDir())
	p, summary, err := f.run(t.Context(), "member fails", &recorder{}, "cpu")
	if err != nil {
		t.Fatal(err)
	}
	if told := f.team.Failures(p.Tasks); len(told) != len(summary.Failures) {
		t.Errorf("the team is told of %v, of %v", told, summary.Failures)
	}
	trainings := 0
	for id, failure := range summary.Failures {
		if !strings.Contains(failure.Error(), "no such photo") {
			t.Errorf("%s: %v", id, failure)
		}
		if strings.HasPrefix(id, stage.KindTrainLoRA) {
			trainings++
		}
	}
	if groups := len(f.lines("train_lora.run_together")); trainings != groups || len(f.calls()) == groups {
		t.Errorf("%d trainings failed in %d groups, want one in each: %v", trainings, groups, summary.Failures)
	}
	f.nothingHalfDone()
}

// TestAGroupThatEndsIsComputedOneByOne: what was done by then is kept, and the
// run says why it ended.
func TestAGroupThatEndsIsComputedOneByOne(t *testing.T) {
	for behaviour, cause := range map[string]progress.Cause{
		"group dies":           progress.WorkerCause,
		"apart":                progress.MemberCause,
		"group out of memory":  progress.MemoryCause,
		"group is refused":     progress.RefusedCause,
		"group fills the disk": progress.DiskCause,
		"group meets a fault":  progress.FaultCause,
	} {
		t.Run(behaviour, func(t *testing.T) {
			f := newFixture(t)
			f.together = 16
			told, lines := &recorder{}, &bytes.Buffer{}
			p, summary, err := f.run(t.Context(), behaviour, progress.Displays{told, progress.NewLines(lines, true, progress.NewPace(nil, nil, 1))}, "cpu")
			if err != nil || summary.Done != len(p.Tasks) {
				t.Fatalf("done %d of %d, failures %v, error %v", summary.Done, len(p.Tasks), summary.Failures, err)
			}
			together, alone := f.groups()
			slices.Sort(alone)
			if len(slices.Compact(alone)) != len(alone) {
				t.Errorf("a task was computed twice alone: %v", alone)
			}
			// Of each group the first member was done, and is not asked for again.
			if len(alone) > len(p.Tasks)-len(together) {
				t.Errorf("%d tasks, groups %v, but alone %v", len(p.Tasks), together, alone)
			}
			for _, group := range told.apart {
				if group.Cause != cause || len(group.Members) < 2 {
					t.Errorf("%v fell apart: cause %q, want %q", group, group.Cause, cause)
				}
			}
			if said := strings.Count(lines.String(), fmt.Sprintf(`"apart":%q,"tasks":[`, cause)); said == 0 || said != len(told.apart) {
				t.Errorf("%d groups fell apart, and the log says so %d times:\n%s", len(told.apart), said, lines)
			}
			f.nothingHalfDone()
		})
	}
}

func TestCancellingAGroupKeepsWhatIsDone(t *testing.T) {
	f := newFixture(t)
	f.together = 16
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	p, summary, err := f.run(ctx, "wait for cancel", &recorder{onProgress: cancel}, "cpu")
	if !errors.Is(err, execute.ErrInterrupted) || summary.Done != 1 || len(summary.Failures) > 0 {
		t.Errorf("done %d, failures %v, error %v", summary.Done, summary.Failures, err)
	}
	kept := 0
	for _, task := range p.Tasks {
		if f.store.Has(task.Kind, task.Key) {
			kept++
		}
	}
	if kept != 1 {
		t.Errorf("%d artifacts are kept, want 1", kept)
	}
	f.nothingHalfDone()
}

// TestTimeCountsFromTheBeginning: what a training cost before its worker died is
// part of its time, up to the checkpoint that it goes on from, alone and in a
// group.
func TestTimeCountsFromTheBeginning(t *testing.T) {
	for _, together := range []int{1, 16} {
		f := newFixture(t)
		f.together = together
		p, summary, err := f.run(t.Context(), "checkpoint, then die", &recorder{}, "cpu")
		if err != nil || summary.Done != len(p.Tasks) {
			t.Fatalf("done %d of %d, failures %v, error %v", summary.Done, len(p.Tasks), summary.Failures, err)
		}
		trainings := 0
		for _, task := range p.Tasks {
			m, err := f.store.Manifest(task.Kind, task.Key)
			if err != nil {
				t.Fatal(err)
			}
			before := m.Seconds - m.Finished.Sub(m.Started).Seconds()
			if trained := task.Kind == stage.KindTrainLoRA; trained {
				trainings++
				if before < 0.9*beforeCheckpoint.Seconds() {
					t.Errorf("together %d, %s: %g s before the attempt that succeeded, want %v", together, task.Label, before, beforeCheckpoint)
				}
			} else if m.Together < 2 && before > 0.01 {
				t.Errorf("%s: %g s more than it took", task.Label, before)
			}
		}
		entries, err := f.store.Journal()
		if err != nil || trainings == 0 {
			t.Fatalf("%d trainings, %v", trainings, err)
		}
		for _, entry := range entries { // what forecasts learn
			if m, err := f.store.Manifest(entry.Kind, entry.Key); err != nil || entry.Seconds < 0.999*m.Seconds || entry.Seconds > 1.001*m.Seconds {
				t.Errorf("%s took %g s in the journal, %v", entry.Label, entry.Seconds, err)
			}
		}
		f.nothingHalfDone()
	}
}
