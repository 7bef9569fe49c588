package execute

import (
	"encoding/json"
	"errors"
	"maps"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// stageInput writes a task's spec as its stage reads it: with paths, the files of the
// base model that are used, the folder to write into, the device and, in a
// training, what to continue. It also returns how much of the task's effort is
// left to do.
func (w *deviceWorker) stageInput(task *plan.Task, dir string, pieces int) (json.RawMessage, float64, error) {
	p, st := w.run.plan, w.run.cfg.Store
	effort := task.Spec.Effort()
	resolved := task.Spec.Resolve(func(ref stage.Ref) stage.Ref { return stage.Ref(p.Path(ref, st.Dir)) })
	text, err := json.Marshal(resolved)
	if err != nil {
		return nil, 0, err
	}
	fields := map[string]any{}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(text, &raw); err != nil {
		return nil, 0, err
	}
	for name, value := range raw {
		fields[name] = value
	}
	fields["out"], fields["device"] = dir, w.device
	if p.OpensBase(task) {
		if fields["base_files"], err = w.run.baseFiles(); err != nil {
			return nil, 0, err
		}
	}
	if _, ok := task.Spec.(stage.Stepped); ok {
		fields["checkpoint"] = st.Checkpoints(task.Key)
		fields["checkpoint_seconds"] = w.run.cfg.Checkpoint.Seconds()
	}
	if _, ok := task.Spec.(stage.Chained); ok {
		key, done, err := w.run.earlier(task)
		if err != nil {
			return nil, 0, err
		}
		fields["resume"] = ""
		if key != "" {
			fields["resume"] = st.Dir(task.Kind, key)
		}
		fields["reproducible"] = w.run.cfg.Reproducible
		effort *= 1 - done
	}
	if pieces > 0 {
		maps.Copy(fields, task.Spec.InPieces(pieces))
	}
	text, err = json.Marshal(fields)
	return text, effort, err
}

// earlier finds the training that a task continues: the longest sound one.
func (r *run) earlier(task *plan.Task) (key string, done float64, err error) {
	for {
		key, done, err = r.trainings.Earlier(task)
		if key == "" || err != nil {
			return key, done, err
		}
		err = r.verifyOnce(task.Kind, key)
		if damage := new(store.DamagedError); !errors.As(err, &damage) {
			return key, done, err
		}
	}
}
