// Package command is kizu's command line. A subcommand turns flags into a call and its result into
// output; what it decides stands in the rooms that it calls. All settings and exit codes are here.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra" // subcommands, flags and help; viper's companion; Apache-2.0
	"github.com/spf13/pflag"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/spelling"
	"kizu/orchestrator/store"
)

// Exit codes.
const (
	exitDone        = 0
	exitFailed      = 1   // some cells failed, or artifacts are damaged
	exitUsage       = 2   // bad usage, settings or experiment file
	exitLocked      = 3   // another run holds the lock
	exitInterrupted = 130 // stopped by a signal
)

// errDamaged ends a verification that found damaged artifacts, which are on the screen.
var errDamaged = errors.New("some artifacts are damaged")

// errCellsFailed ends a run some of whose cells failed; what failed is already on the screen.
var errCellsFailed = errors.New("some cells failed")

// Run runs kizu with the given arguments and returns its exit code.
func Run(args []string, stdout, stderr io.Writer) int {
	// The memory is the workers': a run of 10,000 tasks takes 51 MB of the host
	// rather than 58, for a tenth more of the quarter second that planning takes.
	debug.SetGCPercent(50)
	ctx, stop := interruptible(stderr)
	defer stop()
	root := newRoot(stderr)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil, told(err) && !errors.As(err, new(*severalError)):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "kizu: interrupted")
	default:
		fmt.Fprintf(stderr, "kizu: %v\n", err)
	}
	return exitCode(err)
}

// told reports whether what an error says is on the screen already.
func told(err error) bool {
	return errors.Is(err, errCellsFailed) ||
		errors.Is(err, errProblems) ||
		errors.Is(err, errDamaged) ||
		errors.Is(err, errUnread)
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return exitDone
	case errors.Is(err, errCellsFailed), errors.Is(err, errDamaged), errors.Is(err, errUnread):
		return exitFailed
	case errors.Is(err, store.ErrLocked):
		return exitLocked
	case errors.Is(err, execute.ErrInterrupted), errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitUsage
}

// interruptible returns a context that the first SIGINT or SIGTERM cancels; a
// second one ends the process at once.
func interruptible(stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range signals {
			if ctx.Err() != nil {
				os.Exit(exitInterrupted)
			}
			fmt.Fprintln(stderr, "\nkizu: stopping; once more to stop at once")
			cancel()
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		cancel()
	}
}

func newRoot(stderr io.Writer) *cobra.Command {
	root := &cobra.Command{
		Use:   "kizu",
		Short: "Run grids of LoRA defect-image experiments",
		Long: `kizu runs experiments with LoRA-generated defect images, each from one file:
it trains the LoRAs, generates images with them, trains a classifier on every
training set, and writes tables and a page that answer the experiment's question.

Exit codes: 0 all done; 1 some cells failed; 2 bad usage, settings or experiment
file; 3 another run holds the lock; 130 interrupted.`,
		Version:       version() + ", " + runtime.Version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	settings := newSettings(root, stderr)
	root.AddCommand(
		newInit(settings), newPlan(settings), newCheck(settings), newSplit(settings), newRun(settings), newWorker(settings), newCancel(settings), newStatus(settings), newReport(settings), newExport(settings),
		newPredict(settings), newWhy(settings), newServe(settings), newVerify(settings), newGC(settings), newVersion(), newEmbed(settings), newManual(),
	)
	for _, cmd := range root.Commands() {
		if strings.Contains(cmd.Use, " FILE") && cmd.ValidArgsFunction == nil {
			cmd.ValidArgsFunction = experimentFiles
		}
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(likelyFlag)
	root.InitDefaultHelpCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() == "help" { // cobra's own prints what there is and exits with 0
			cmd.Args = knownCommand
		}
	}
	return root
}

// likelyFlag adds to the error of a mistyped flag what was likely meant.
func likelyFlag(cmd *cobra.Command, err error) error {
	unknown := new(pflag.NotExistError)
	if !errors.As(err, &unknown) {
		return err
	}
	var names []string
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	if near := spelling.Nearest(unknown.GetSpecifiedName(), names); near != "" {
		return fmt.Errorf("%w; did you mean --%s?", err, near)
	}
	return err
}

// knownCommand refuses to help with a command that there is not.
func knownCommand(help *cobra.Command, args []string) error {
	_, rest, err := help.Root().Find(args)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("unknown command %q for %q", rest[0], help.Root().Name())
	}
	return err
}

// experimentFiles has a shell offer experiment files.
func experimentFiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return []string{"yaml", "yml"}, cobra.ShellCompDirectiveFilterFileExt
}

// oneFile is the argument of commands that work on an experiment file.
func oneFile(use string) func(*cobra.Command, []string) error {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("give one experiment file: kizu %s", use)
		}
		return nil
	}
}
