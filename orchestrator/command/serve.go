package command

import (
	"fmt"
	"log"
	"net"
	"time"

	"github.com/spf13/cobra"

	"kizu/orchestrator/serve"
)

func newServe(s *settings) *cobra.Command {
	var listen string
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Show the store in a browser: experiments, runs that go on, reports",
		Long: `Show the store in a browser: every experiment with its state and verdict, what
runs are at, here, on other machines or on Slurm, losses, the newest images, and
the reports. It only reads, and ends with Ctrl-C.

It listens on this machine's own address; another machine's browser gets there by
ssh -L 8321:localhost:8321. There is no password: with --listen 0.0.0.0:8321
everybody who reaches the port can look.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			st, err := s.existingStore()
			if err != nil {
				return err
			}
			listener, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("--listen %s: %w; give host:port, with port 0 for any that is free", listen, err)
			}
			address := listener.Addr().(*net.TCPAddr)
			if !address.IP.IsLoopback() {
				fmt.Fprintf(cmd.ErrOrStderr(), "kizu: warning: everybody who reaches %s can look at %s\n", address, st.Root())
			}
			if !s.on(setQuiet) {
				fmt.Fprintf(cmd.OutOrStdout(), "http://%s/ shows %s; Ctrl-C ends it\n", address, st.Root())
			}
			server := &serve.Server{Store: st, Every: time.Second}
			return server.Run(cmd.Context(), listener, log.New(cmd.ErrOrStderr(), "kizu: ", 0))
		},
	}
	cmd.Flags().StringVar(&listen, "listen", "127.0.0.1:8321", "`host:port` to listen on")
	return cmd
}
