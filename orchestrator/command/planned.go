package command

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/execute"
	"kizu/orchestrator/experiment"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/store"
)

// planned is an experiment file planned against the store.
type planned struct {
	plan   *plan.Plan
	store  *store.Store
	memory *dataset.Memory
}

// existingStore is the store of a command that only looks at what is there.
func (s *settings) existingStore() (*store.Store, error) {
	if err := s.load(); err != nil {
		return nil, err
	}
	return store.Existing(s.path(setStore))
}

// openPlanned reads a file and everything that it refers to, which ends with ctx.
// The store is only looked at.
func openPlanned(ctx context.Context, s *settings, file string) (*planned, error) {
	exp, machine, err := s.experiment(file)
	if err != nil {
		return nil, err
	}
	return s.plan(ctx, exp, machine)
}

// openResults is openPlanned for what there is. It does without Python where that
// does not start: photos that nobody has read yet are told apart by their files. What else is
// asked of the machine, changes say.
func openResults(ctx context.Context, s *settings, file string, changes ...func(*plan.Machine)) (*planned, error) {
	exp, machine, err := s.experiment(file)
	if err != nil {
		return nil, err
	}
	if _, err := s.existingStore(); err != nil {
		return nil, err
	}
	machine.Photos = dataset.IfThere{Reader: machine.Photos}
	for _, change := range changes {
		change(&machine)
	}
	return s.plan(ctx, exp, machine)
}

// plan plans an experiment and compares it with the store.
func (s *settings) plan(ctx context.Context, exp *experiment.Experiment, machine plan.Machine) (*planned, error) {
	st, memory, err := s.remembering(ctx, &machine)
	if err != nil {
		return nil, err
	}
	p, err := plan.Load(exp, machine)
	memory.Save() // also when something is wrong with one of many files
	if err != nil {
		return nil, err
	}
	return &planned{p, st, memory}, p.Compare(st)
}

// remembering finds the store, which need not be there yet, and gives a machine what is
// remembered of its files, until ctx ends.
func (s *settings) remembering(ctx context.Context, machine *plan.Machine) (*store.Store, *dataset.Memory, error) {
	st, err := store.At(s.path(setStore))
	if err != nil {
		return nil, nil, err
	}
	if meant := st.Meant(); meant != "" && !s.warned[meant] && !s.on(setQuiet) {
		s.warned[meant] = true
		fmt.Fprintf(s.stderr, "kizu: warning: there is no store in %s yet: did you mean --store %s?\n", st.Root(), meant)
	}
	memory := memoryOf(st)
	machine.Memory = memory.Until(ctx)
	return st, memory, nil
}

// memoryOf is what is remembered of this machine's files, beside the artifacts,
// or in the user's cache before there is a store.
func memoryOf(st *store.Store) *dataset.Memory {
	name := "hashes-" + st.Host() + ".json"
	var before []string
	if cache, err := os.UserCacheDir(); err == nil {
		cache = filepath.Join(cache, "kizu")
		_ = os.Mkdir(cache, 0o700) // without it everything is read again
		before = append(before, filepath.Join(cache, name))
	}
	return dataset.Remember(filepath.Join(st.Root(), name), before...)
}

// makeStore makes the store if it is not there, and has it remember what
// the experiment needs. Workers, which may be on
// several machines, share it by leases unless the settings say otherwise.
func (p *planned) makeStore(s *settings, workers bool) (err error) {
	if p.store, err = store.Open(p.store.Root()); err != nil {
		return err
	}
	locks := s.text(setLocks)
	if workers && locks == store.LockAuto {
		locks = store.LockLease
	}
	p.store.UseLocks(locks)
	p.memory.Save()
	return p.store.Remember(p.needs(time.Now()))
}

// otherwise counts the artifacts that will be reused and were computed without
// the setting reproducible.
func (p *planned) otherwise() (n int) {
	for _, task := range p.plan.Tasks {
		if !task.Reuse {
			continue
		}
		if m, err := p.store.Manifest(task.Kind, task.Key); err == nil && (m.Environment == nil || !m.Environment.Reproducible) {
			n++
		}
	}
	return n
}

// needs are the plan's artifacts, whether or not they are there.
func (p *planned) needs(now time.Time) store.Needs {
	exp := p.plan.Experiment
	needs := store.Needs{
		Experiment: exp.Name, File: exp.File, Changes: exp.Changes, Time: now,
		Artifacts: make([]string, len(p.plan.Tasks)), Photos: p.plan.PhotoList(),
	}
	for i, task := range p.plan.Tasks {
		needs.Artifacts[i] = task.Kind + "/" + task.Key
	}
	return needs
}

// sayPhotos says which photos came or went since the latest run, with --quiet too: they
// may be why a figure is another.
func (p *planned) sayPhotos(out io.Writer) {
	if run, ok := p.store.Latest(p.needs(time.Now())); ok {
		if line := p.plan.PhotosSince(run); line != "" {
			fmt.Fprintf(out, "kizu: %s\n", line)
		}
	}
}

// sayNamesake warns, with --quiet too, where the latest run was of another file that calls its
// experiment the same: this one's report takes the place of that one's.
func (p *planned) sayNamesake(out io.Writer) {
	ours := p.needs(time.Now())
	other, ok := p.store.Newest(ours.Experiment)
	if _, err := os.Stat(other.File); !ok || err != nil || other.File == ours.File || slices.Equal(other.Artifacts, ours.Artifacts) {
		return
	}
	fmt.Fprintf(out, "kizu: warning: the report in %s is that of %s, which has the same name and other contents, and is replaced: change one of the two names\n",
		p.store.Reports(ours.Experiment), other.File)
}

// experiment reads a file as --set changes it, and the machine's settings.
func (s *settings) experiment(file string) (*experiment.Experiment, plan.Machine, error) {
	if err := s.load(); err != nil {
		return nil, plan.Machine{}, err
	}
	exp, err := experiment.Load(file, s.changes...)
	if err != nil {
		return nil, plan.Machine{}, err
	}
	machine, err := s.machine()
	return exp, machine, err
}

// workerCommand says how to start a worker process of this program.
func workerCommand(s *settings) (execute.Command, error) {
	home, err := s.home()
	if err != nil {
		return execute.Command{}, err
	}
	program, err := os.Executable()
	if err != nil {
		return execute.Command{}, err
	}
	python, err := filepath.Abs(s.python(home))
	if err != nil {
		return execute.Command{}, err
	}
	return execute.Command{
		Path: program,
		Args: []string{"embed", "--" + setHome, home, "--" + setPython, python},
		Env:  append(execute.WorkerEnvironment(s.on(setReproducible)), s.cuda()...),
	}, nil
}
