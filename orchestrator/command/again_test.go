package command

import (
	"io"
	"testing"

	"github.com/spf13/cobra"
)

// TestAgain: a hint can be pasted into a shell, and finds the same store.
func TestAgain(t *testing.T) {
	for _, test := range []struct {
		file    string
		changes []string
		args    []string
		want    string
	}{
		{"a.yaml", nil, nil, "a.yaml"},
		{"my planned.yaml", []string{"lora.rank=16", "name=it's"}, nil, `'my planned.yaml' --set lora.rank=16 --set 'name=it'\''s'`},
		{"a.yaml", nil, []string{"--store", "/srv/runs", "--config", "kizu.yaml"}, "a.yaml --store /srv/runs --config kizu.yaml"},
		{"a.yaml", nil, []string{"--store=$x", "--quiet"}, "a.yaml --store '$x'"},
	} {
		root := &cobra.Command{}
		s := newSettings(root, io.Discard)
		if err := root.PersistentFlags().Parse(test.args); err != nil {
			t.Fatal(err)
		}
		if got := s.again(test.file, test.changes); got != test.want {
			t.Errorf("%s, want %s", got, test.want)
		}
	}
}
