package spelling

import "testing"

func TestNearest(t *testing.T) {
	commands := []string{"plan", "run", "report", "verify", "why"}
	for name, want := range map[string]string{"rnu": "run", "rum": "run", "verfiy": "verify", "rep": "report", "xyz": "", "w": "", "plan": "", "planner": ""} {
		if got := Nearest(name, commands); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
