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

func TestChecks(t *testing.T) {
	for _, c := range []struct {
		check func(string) error
		text  string
		want  string // in the error; "" for none
	}{
		{CheckTime, "1-12:00:00", ""},
		{CheckTime, "240", ""},
		{CheckTime, "4h", "hours:minutes:seconds"},
		{CheckTime, "1:2:3:4", "hours:minutes:seconds"},
		{CheckMemory, "16G", ""},
		{CheckMemory, "lots", "16G"},
		{CheckLine, "a100|h100", ""},
		{CheckLine, "a\nrm -rf", "more than one line"},
		{CheckOptions, "--mail-type=FAIL\n-x n7", ""},
		{CheckOptions, "--a\n#SBATCH --b", "give one option"},
		{CheckOptions, "mail-type=FAIL", "give one option"},
	} {
		if err := c.check(c.text); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; want one about %q", c.text, err, c.want)
		}
	}
}
