package command

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute/protocol"
	"kizu/orchestrator/execute/worker"
)

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

// passOver leaves signals to the host, which gets them too where a workload
// manager sends them to every process of a job: the host cancels what goes on,
// and this process ends when its input does. They are caught and not ignored,
// since processes that Python starts would inherit that.
func passOver(signals ...os.Signal) {
	signal.Reset(signals...)
	signal.Notify(make(chan os.Signal, 1), signals...)
}

// executable is the path of this program, for starting it again.
func executable() (string, error) {
	return os.Executable()
}
