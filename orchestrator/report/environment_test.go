package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

const different = "come from different environments"

// inEnvironments is the finished experiment, computed in one environment but for
// what change makes of it.
func inEnvironments(t *testing.T, change func(*plan.Task, *store.Manifest)) *fixture {
	f := newFixture(t, studies)
	f.adjust = func(task *plan.Task, m *store.Manifest) {
		m.Run = "small-1"
		m.Environment = &store.Environment{Kizu: "0123456789ab", Processor: "Processor A", Instructions: "AVX512", Threads: 2}
		change(task, m)
	}
	f.commitAll(nil)
	return f
}

func tableOf(t *testing.T, r *Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := r.Table(&out, table.Screen{Width: 1000}); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// TestOneEnvironment: nothing is said where nothing differs that results depend
// on: another commit of kizu, another of several equal GPUs.
func TestOneEnvironment(t *testing.T) {
	if testing.Short() {
		t.Skip("make test-slow runs it")
	}
	for name, change := range map[string]func(*plan.Task, *store.Manifest){
		"equal": func(*plan.Task, *store.Manifest) {},
		"another commit": func(task *plan.Task, m *store.Manifest) {
			if task.Kind == stage.KindClassify {
				m.Environment.Kizu = "ffffffffffff"
			}
		},
		"equal GPUs": func(task *plan.Task, m *store.Manifest) {
			m.Device, m.DeviceName = "cuda:0", "A GPU"
			if task.Kind == stage.KindClassify {
				m.Device = "cuda:1"
			}
		},
		"one of older date": func(task *plan.Task, m *store.Manifest) {
			if task.Kind == stage.KindClassify {
				m.Environment = nil
			}
		},
	} {
		r := inEnvironments(t, change).collect(nil)
		if text := tableOf(t, r); strings.Contains(text, different) {
			t.Errorf("%s: %s", name, text)
		}
		if page := string(pageOf(t, r)); strings.Contains(page, different) {
			t.Errorf("%s: the page says that environments differ", name)
		}
	}
}

// TestEnvironmentsThatDiffer: everything that differs is named, with how many
// tasks have which, in the tables that it concerns only.
func TestEnvironmentsThatDiffer(t *testing.T) {
	f := inEnvironments(t, func(task *plan.Task, m *store.Manifest) {
		if task.Kind == stage.KindClassify && strings.HasPrefix(task.Label, `classifier "real"`) {
			m.Environment.Processor, m.Environment.Threads = "Processor B", 3
			m.Environment.Limits = map[string]string{"MKL_CBWR": "COMPATIBLE"}
			m.Device, m.DeviceName = "cuda:0", "A GPU"
			m.Versions = map[string]string{"python": "3.11.2", "torch": "2.14.1", "diffusers": "0.42.1"}
		}
	})
	r := f.collect(nil)
	for _, text := range []string{tableOf(t, r), string(pageOf(t, r))} {
		text = strings.NewReplacer("&#43;", "+", "&quot;", `"`).Replace(text)
		if strings.Count(text, different) != 1 {
			t.Errorf("said %d times", strings.Count(text, different))
		}
		for _, want := range []string{
			"Processor B (2 tasks)", "threads 2 (", "3 (2 tasks)", "A GPU (2 tasks)", "torch 2.14.1 (2 tasks)", "MKL_CBWR=COMPATIBLE (2 tasks)",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in\n%.3000s", want, text)
			}
		}
	}
	var out bytes.Buffer
	f.check(r.JSON(&out))
	var all results
	f.check(json.Unmarshal(out.Bytes(), &all))
	if len(all.Environments) != 2 || all.Environments[1].Processor != "Processor B" || all.Environments[1].Tasks != 2 || all.Environments[0].Threads != 2 {
		t.Errorf("results.json has %+v", all.Environments)
	}
}
