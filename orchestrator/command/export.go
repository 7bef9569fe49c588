package command

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dustin/go-humanize/english"
	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/export"
	"kizu/orchestrator/plan"
	"kizu/orchestrator/report"
)

func newExport(s *settings) *cobra.Command {
	var link, onnx bool
	m := export.Marker{Kizu: version()}
	cmd := &cobra.Command{
		Use:   "export FILE DIR",
		Short: "Write training sets, LoRAs and classifiers under names that people read",
		Long: `export writes what the store has of an experiment into a folder, under names that
people read: training sets and tested photos with their masks, LoRAs for diffusers
and in kohya's format, classifiers, the lineage of every file, and a README.

What the store does not have yet is named, and the exit code is 1. The same command
adds it later, and goes on where it was stopped; a folder with anything else in it
is refused.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			known := slices.DeleteFunc(slices.Clone(export.What), func(word string) bool { return !slices.Contains(m.What, word) })
			if len(known) == 0 || len(known) < len(m.What) {
				return fmt.Errorf("--what %s: give some of %s", strings.Join(m.What, ","), strings.Join(export.What, ","))
			}
			m.What = known // in their own order
			if !slices.Contains(export.Formats, m.Format) {
				return fmt.Errorf("--format %s: give %s", m.Format, strings.Join(export.Formats, " or "))
			}
			if len(args) != 2 {
				return errors.New("give an experiment file and a folder: kizu export FILE DIR")
			}
			return s.export(cmd.Context(), args[0], args[1], link, onnx, m, cmd.OutOrStdout())
		},
	}
	s.addSet(cmd)
	cmd.Flags().StringSliceVar(&m.What, "what", export.What, "`parts` to export")
	cmd.Flags().StringVar(&m.Format, "format", export.Formats[0], "`layout` of images: imagefolder, or anomalib for that of MVTec AD")
	cmd.Flags().BoolVar(&onnx, "onnx", true, "write classifiers as ONNX too, which takes Python and a second or two each")
	cmd.Flags().BoolVar(&link, "link", false, "hard links, which take no space, and an edit of one changes the store or the photo")
	return cmd
}

// export writes an export, and says what it has and lacks.
func (s *settings) export(ctx context.Context, file, dir string, link, onnx bool, m export.Marker, out io.Writer) error {
	planned, err := openResults(ctx, s, file, func(machine *plan.Machine) { machine.Masks = true })
	if err != nil {
		return err
	}
	for what, root := range map[string]string{"in the store": planned.store.Root(), "among the photos": planned.plan.Set.Root} {
		if within, err := inside(dir, root); err != nil || within {
			return cmp.Or(err, fmt.Errorf("%s is %s: name another folder", dir, what))
		}
	}
	if m.Plan, err = report.KeyOf(planned.plan, ""); err != nil {
		return err
	}
	m.Study = planned.plan.Experiment.Name
	var writer onnxWriter
	defer writer.close()
	var toONNX export.ToONNX
	if onnx {
		toONNX = func(classifier string) ([]byte, error) { return writer.write(ctx, s, classifier) }
	}
	parts, err := export.Write(ctx, planned.plan, planned.store, toONNX, dir, link, m)
	if err != nil {
		return err
	}
	counts, missing := map[string]int{}, 0
	for _, part := range parts {
		if part.Lacks == "" {
			counts[part.Kind]++
		} else if missing++; missing <= 10 { // less than a screen
			fmt.Fprintf(s.stderr, "left out: %s\n", part)
		}
	}
	if !s.on(setQuiet) {
		for _, kind := range slices.Sorted(maps.Keys(counts)) {
			fmt.Fprintf(out, "%s in %s\n", english.Plural(counts[kind], kind, ""), dir)
		}
	}
	if missing > 0 {
		fmt.Fprintf(s.stderr, "%d left out, listed in README.md; go on with: kizu run %s\n", missing, s.again(file, planned.plan.Experiment.Changes))
		return errCellsFailed
	}
	return nil
}

// onnxWriter has Python write classifiers as ONNX; it starts with the first.
type onnxWriter struct{ helper *execute.Helper }

func (w *onnxWriter) write(ctx context.Context, s *settings, classifier string) (text []byte, err error) {
	if w.helper == nil {
		if w.helper, err = startHelper(ctx, s); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp("", "kizu-onnx-*")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "model.onnx")
	if err := w.helper.Ask(ctx, "to_onnx.run", map[string]string{"classifier": classifier, "file": file}, &struct{}{}); err != nil {
		return nil, err
	}
	return os.ReadFile(file)
}

func (w *onnxWriter) close() {
	if w.helper != nil {
		w.helper.Close()
	}
}
