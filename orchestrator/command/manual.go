package command

import (
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc" // man pages, by go-md2man (MIT) and blackfriday (BSD); Apache-2.0
)

// newManual writes man pages, for make build.
func newManual() *cobra.Command {
	return &cobra.Command{
		Use:    "manual DIR",
		Short:  "Write man pages into a folder",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root := cmd.Root()
			root.InitDefaultCompletionCmd()
			root.DisableAutoGenTag = true
			return doc.GenManTree(root, &doc.GenManHeader{Section: "1", Source: "kizu " + root.Version, Manual: "kizu"}, args[0])
		},
	}
}
