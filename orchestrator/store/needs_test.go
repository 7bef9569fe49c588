package store

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestNeeds: the latest run with the same changes counts, each experiment is
// forgotten on its own, and what cannot be read is no garbage.
func TestNeeds(t *testing.T) {
	s := open(t)
	for _, n := range []Needs{
		{Experiment: "gears", Artifacts: []string{"classify/a"}},
		{Experiment: "gears", Changes: []string{"lora.rank=4"}, Artifacts: []string{"classify/b"}},
		{Experiment: "gears", Artifacts: []string{"classify/c"}},
		{Experiment: "gears-2", Artifacts: []string{"classify/d"}},
	} {
		if err := s.Remember(n); err != nil {
			t.Fatal(err)
		}
	}
	artifacts := func() (list []string) {
		remembered, err := s.Remembered()
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range remembered {
			list = append(list, n.Artifacts...)
		}
		slices.Sort(list)
		return list
	}
	if got := artifacts(); !slices.Equal(got, []string{"classify/b", "classify/c", "classify/d"}) {
		t.Errorf("remembered %v", got)
	}
	if n, err := s.Forget("gears"); n != 2 || err != nil {
		t.Errorf("forgot %d, %v", n, err)
	}
	if got := artifacts(); !slices.Equal(got, []string{"classify/d"}) {
		t.Errorf("after forgetting %v", got)
	}
	if err := os.WriteFile(filepath.Join(s.Root(), "needs", "torn-0.json"), []byte(`{"experiment": "to`), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := s.Remembered()
	fails(t, err, "torn-0.json")
}

// TestNeedsOfFiles: two files of one name keep what either needs, needs from before files were
// noted are those of either, and the latest of all is found.
func TestNeedsOfFiles(t *testing.T) {
	s := open(t)
	before := Needs{Experiment: "gears", Artifacts: []string{"classify/a"}}
	one, other := before, before
	one.File, other.File = "/one.yaml", "/other.yaml"
	if !before.SameRun(one) || one.SameRun(other) {
		t.Error("the wrong runs are the same")
	}
	for _, n := range []Needs{before, one, other} {
		if err := s.Remember(n); err != nil {
			t.Fatal(err)
		}
		if latest, ok := s.Latest(one); !ok || latest.File == other.File {
			t.Errorf("the latest run of %s is %+v", one.File, latest)
		}
		if newest, ok := s.Newest("gears"); !ok || newest.File != n.File {
			t.Errorf("the newest is of %q, not of %q", newest.File, n.File)
		}
	}
	if list, err := s.Remembered(); len(list) != 2 || err != nil {
		t.Errorf("%+v, %v", list, err)
	}
	if n, ok := s.Newest("gear"); ok {
		t.Errorf("gear ran: %+v", n)
	}
}
