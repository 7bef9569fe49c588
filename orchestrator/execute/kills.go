package execute

import (
	"os"
	"strconv"
	"strings"
)

// outOfMemoryKills is how many processes the kernel has killed since memory had
// run out, that of the machine or of a control group, such as a job of Slurm; 0
// where it does not say. A process that it kills has no chance to say why.
func outOfMemoryKills() int {
	text, err := os.ReadFile("/proc/vmstat")
	if err != nil {
		return 0
	}
	return killsIn(string(text))
}

// killsIn reads the counter oom_kill of /proc/vmstat.
func killsIn(vmstat string) int {
	for line := range strings.Lines(vmstat) {
		if count, found := strings.CutPrefix(line, "oom_kill "); found {
			kills, _ := strconv.Atoi(strings.TrimSpace(count))
			return kills
		}
	}
	return 0
}
