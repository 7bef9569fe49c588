// Command kizu runs grids of LoRA defect-image experiments.
package main

import (
	"os"

	"kizu/orchestrator/command"
)

func main() {
	os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr))
}
