package command

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute/protocol"
	"kizu/orchestrator/execute/worker"
)

func newWorker(s *settings) *cobra.Command {
	var device string
	cmd := &cobra.Command{
		Use:    "worker",
		Short:  "Serve a host's requests (started by kizu run)",
		Hidden: true,
		Args:   cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			home, err := s.home()
			if err != nil {
				return err
			}
			events := os.NewFile(protocol.EventsFD, "events")
			if events == nil {
				return fmt.Errorf("a worker is started by kizu run")
			}
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

// executable is the path of this program, for starting it again.
func executable() (string, error) {
	return os.Executable()
}
