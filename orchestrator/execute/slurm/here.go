package slurm

import (
	"os"
	"strconv"

	"kizu/orchestrator/store"
)

// Here is the job that this process is in; nil if it is in none.
func Here() *store.Job {
	job := &store.Job{ID: os.Getenv("SLURM_ARRAY_JOB_ID"), Index: os.Getenv("SLURM_ARRAY_TASK_ID"), Node: os.Getenv("SLURMD_NODENAME")}
	if job.ID == "" {
		job.ID, job.Index = os.Getenv("SLURM_JOB_ID"), ""
	}
	if job.ID == "" {
		return nil
	}
	job.Restarts, _ = strconv.Atoi(os.Getenv("SLURM_RESTART_COUNT"))
	return job
}

// Others is how many more jobs the array of this one has; 0 outside one.
func Others() int {
	count, _ := strconv.Atoi(os.Getenv("SLURM_ARRAY_TASK_COUNT"))
	return max(0, count-1)
}
