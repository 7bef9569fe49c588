package slurm

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestParseQueue(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		want []Element
	}{
		"nothing": {"", nil},
		"each on a line": {
			"12_1|RUNNING|n2|None\n12_0|COMPLETED|n1|None\n9_3|PENDING||Resources\n",
			[]Element{{"9", 3, "PENDING", "", "Resources"}, {"12", 0, "COMPLETED", "n1", "None"}, {"12", 1, "RUNNING", "n2", "None"}},
		},
		"ranges, as older squeues print what waits": {
			"12_[0,3-4%2]|PENDING||Priority\n",
			[]Element{{"12", 0, "PENDING", "", "Priority"}, {"12", 3, "PENDING", "", "Priority"}, {"12", 4, "PENDING", "", "Priority"}},
		},
		"a bar in the reason": {
			"12_0|PENDING||BadConstraints|a,b\n", []Element{{"12", 0, "PENDING", "", "BadConstraints|a,b"}},
		},
		"what is no element": {
			"JOBID|STATE|NODELIST|REASON\n7|RUNNING|n1|None\n12_0.batch|RUNNING|n1|None\n12_x|RUNNING|n1|None\nslurm_load_jobs error\n12_0||n1|None\n12_[5-999999999]|PENDING||None\n", nil,
		},
	} {
		if got := parseQueue(test.text); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestParseAccount(t *testing.T) {
	text := `12_0|COMPLETED|n1|0:0
12_0.batch|COMPLETED|n1|0:0
12_0.extern|COMPLETED|n1|0:0
12_1|CANCELLED by 1000|n2|0:15
12_2|FAILED|n2|2:0
12_3|CANCELLED+|None assigned|0:0
12_[4-5]|PENDING|None assigned|0:0
Slurm accounting storage is disabled
`
	want := []Element{
		{"12", 0, "COMPLETED", "n1", ""}, {"12", 1, "CANCELLED", "n2", "signal 15"}, {"12", 2, "FAILED", "n2", "exit code 2"},
		{"12", 3, "CANCELLED", "", ""}, {"12", 4, "PENDING", "", ""}, {"12", 5, "PENDING", "", ""},
	}
	got := parseAccount(text)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v", got)
	}
	var active, failed []int
	for _, element := range got {
		if element.Active() {
			active = append(active, element.Index)
		}
		if element.Failed() {
			failed = append(failed, element.Index)
		}
	}
	if !slices.Equal(active, []int{4, 5}) || !slices.Equal(failed, []int{1, 2}) {
		t.Errorf("active %v, failed %v", active, failed)
	}
}

func TestParseTimeLeft(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"0:05\n": 5 * time.Second, "59:00": 59 * time.Minute, "1:02:03": time.Hour + 2*time.Minute + 3*time.Second,
		"2-00:00:01": 48*time.Hour + time.Second, "364-23:59:59": 365*24*time.Hour - time.Second,
	} {
		if got, limited := parseTimeLeft(text); !limited || got != want {
			t.Errorf("%q: %v, %v; want %v", text, got, limited, want)
		}
	}
	for _, text := range []string{"", "UNLIMITED", "INVALID", "NOT_SET", "7", "1:2:3:4", "x-1:2:3", "1:x", "-1:00", "1:2:999999"} {
		if got, limited := parseTimeLeft(text); limited {
			t.Errorf("%q: %v", text, got)
		}
	}
}

// FuzzQueue holds that whatever Slurm's commands print, elements that are read
// from it have what an element has.
func FuzzQueue(f *testing.F) {
	for _, seed := range []string{
		"12_1|RUNNING|n2|None\n", "12_[0,3-4%2]|PENDING||Priority\n", "12_3|CANCELLED by 0|None assigned|0:15\n",
		"2-00:00:01", "UNLIMITED", "12_[9-1]|PENDING||x\n", "12_[0-99999,0-99999]|P||\n", "|||\n", "\xff_0|\x00||",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, element := range append(parseQueue(text), parseAccount(text)...) {
			if element.Job == "" || element.Index < 0 || element.State == "" || len(elements(element.Name(), "RUNNING", "", "")) != 1 {
				t.Errorf("%q became %+v", text, element)
			}
		}
		if left, _ := parseTimeLeft(text); left < 0 {
			t.Errorf("%q became %v", text, left)
		}
	})
}
