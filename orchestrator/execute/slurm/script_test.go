package slurm

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// everything has every setting, and names that a shell would take apart.
var (
	plain      = Settings{Workers: 8, Grace: 2 * time.Minute}
	everything = Settings{
		Partition: "gpu", Account: "lab", QOS: "normal", Time: "1-12:00:00", GRES: "gpu:a100:1", CPUs: 8, Memory: "32G",
		Constraint: "a100|h100", Extra: []string{"--mail-type=FAIL", "--exclude=n7"},
		Setup: []string{"module load cuda/12.4", `export HF_HOME="$SCRATCH/hub"`}, Workers: 4, Grace: 5 * time.Minute,
	}
	work = Work{
		Name: "quick", Elements: 4, Dir: "/home/me/my studies", Logs: "/scratch/100%/runs/logs/quick-1",
		Command: []string{"/opt/kizu/bin/kizu", "worker", "/home/me/my studies/it's.yaml", "--set", "seeds=[0, 1]", "--devices", "cuda:0"},
	}
)

func TestScript(t *testing.T) {
	for name, settings := range map[string]Settings{"plain": plain, "everything": everything} {
		got := Script(settings, work)
		golden := filepath.Join("testdata", name+".sh")
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || got != string(want) {
			t.Errorf("%s: %v\n%s", golden, err, got)
		}
	}
}

// TestTheShellTakesWordsAsTheyAre: bash passes the worker just the words that
// the script was made from.
func TestTheShellTakesWordsAsTheyAre(t *testing.T) {
	words := []string{"", "a b", "it's", `"q"`, "$HOME", "`id`", "a\\b", "*", "~", "#", "a;b", "café", "-x=1", "a\nb"}
	script := Script(plain, Work{Name: "x", Elements: 1, Dir: "/", Logs: "/", Command: append([]string{"printf", `%s\0`}, words...)})
	cmd := exec.Command("bash")
	cmd.Stdin = strings.NewReader(script)
	out, err := cmd.Output()
	if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); err != nil || strings.Join(got, "|") != strings.Join(words, "|") {
		t.Errorf("%q, %v", got, err)
	}
	var problems bytes.Buffer
	cmd = exec.Command("bash", "-n", "testdata/everything.sh")
	cmd.Stderr = &problems
	if err := cmd.Run(); err != nil {
		t.Errorf("%v: %s", err, &problems)
	}
}

func TestCheck(t *testing.T) {
	for want, change := range map[string]func(*Settings){
		"":                    func(*Settings) {},
		"slurm.time":          func(s *Settings) { s.Time = "4h" },
		"slurm.memory":        func(s *Settings) { s.Memory = "lots" },
		"slurm.cpus":          func(s *Settings) { s.CPUs = -1 },
		"slurm.workers":       func(s *Settings) { s.Workers = 0 },
		"slurm.grace":         func(s *Settings) { s.Grace = time.Millisecond },
		"slurm.extra":         func(s *Settings) { s.Extra = []string{"mail-type=FAIL"} },
		"slurm.partition":     func(s *Settings) { s.Partition = "a\nrm -rf" },
		"give one option":     func(s *Settings) { s.Extra = []string{"--a\n#SBATCH --b"} },
		"hours:minutes:secon": func(s *Settings) { s.Time = "1:2:3:4" },
	} {
		settings := everything
		change(&settings)
		if err := settings.Check(); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want one about %q", err, want)
		}
	}
}
