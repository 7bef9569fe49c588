package command

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc" // man pages, by go-md2man (MIT) and blackfriday (BSD); Apache-2.0

	"kizu/orchestrator/execute/protocol"
	"kizu/orchestrator/execute/worker"
)

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "kizu %s\n", cmd.Root().Version)
			return err
		},
	}
}

// version is the revision that the program was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	revision, changed := "development", ""
	for _, setting := range info.Settings {
		switch {
		case setting.Key == "vcs.revision":
			revision = setting.Value[:min(12, len(setting.Value))]
		case setting.Key == "vcs.modified" && setting.Value == "true":
			changed = "+changes"
		}
	}
	return revision + changed
}

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

func newEmbed(s *settings) *cobra.Command {
	var device string
	cmd := &cobra.Command{
		Use:    "embed",
		Short:  "Embed Python and serve a host's requests (started by kizu run and kizu worker)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			home, err := s.home()
			if err != nil {
				return err
			}
			events := os.NewFile(protocol.EventsFD, "events")
			if events == nil {
				return fmt.Errorf("kizu embed is started by kizu run and kizu worker")
			}
			passOver(os.Interrupt, syscall.SIGTERM, syscall.SIGUSR1)
			return worker.Run(worker.Config{
				Python:  s.python(home),
				Scripts: filepath.Join(home, "scripts"),
				Device:  device,
			}, os.Stdin, events)
		},
	}
	cmd.Flags().StringVar(&device, "device", "cpu", "the device to hold")
	return cmd
}

// passOver leaves signals to the host, which gets them too where a workload manager sends them to
// every process of a job: the host cancels what goes on, and this process ends when its input does.
// They are caught and not ignored, since processes that Python starts would inherit that.
func passOver(signals ...os.Signal) {
	signal.Reset(signals...)
	signal.Notify(make(chan os.Signal, 1), signals...)
}
