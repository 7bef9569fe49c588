package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/report"
)

func newReport(s *settings) *cobra.Command {
	var asJSON, publish bool
	cmd := &cobra.Command{
		Use:   "report FILE…",
		Short: "Write the tables and the page from what the store has, without Python",
		Long: `Write the tables and the page from what the store has, without Python.

Several files, those of a folder or of a series (--each) are compared side by side,
where they call a pattern or a training set the same.

With --publish, the table and a hash of every artifact are written beside FILE, as
published/NAME.txt and published/NAME.json. From then on a run or a report of FILE
says whether it came to the same, byte for byte, and if not, which artifact was
the first to differ.`,
		Args: someFiles("report FILE…"),
		RunE: func(cmd *cobra.Command, args []string) error {
			studies, err := s.studies(args)
			if err != nil {
				return err
			}
			if len(studies) > 1 {
				if asJSON || publish {
					return errors.New("--json and --publish are of one experiment: give one file")
				}
				return sideBySide(cmd.Context(), s, studies, cmd.OutOrStdout())
			}
			s.changes = studies[0].changes
			planned, r, err := s.results(cmd.Context(), studies[0].file)
			switch {
			case err != nil:
				return err
			case asJSON:
				return r.JSON(cmd.OutOrStdout())
			case publish:
				path, err := r.Publish()
				if err != nil {
					return err
				}
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "published: %s\n", path)
				return err
			}
			planned.sayNamesake(cmd.ErrOrStderr())
			return planned.report(cmd.Context(), r, cmd.OutOrStdout())
		},
	}
	s.addEach(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print results.json instead of writing files")
	cmd.Flags().BoolVar(&publish, "publish", false, "write beside FILE what it came to, for others to compare with")
	cmd.MarkFlagsMutuallyExclusive("json", "publish")
	return cmd
}

// results collects what the store has of an experiment.
func (s *settings) results(ctx context.Context, file string) (*planned, *report.Report, error) {
	planned, err := openResults(ctx, s, file)
	if err != nil {
		return nil, nil, err
	}
	reasons, err := planned.lastReasons()
	if err != nil {
		return nil, nil, err
	}
	r, err := report.Collect(planned.plan, planned.store, reasons)
	return planned, r, err
}

// lastReasons says which tasks have failed in the latest run and are missing since, for a report
// of what it left.
func (p *planned) lastReasons() (map[string]string, error) {
	failures, err := p.lastFailures()
	if err != nil {
		return nil, err
	}
	summary := execute.Summary{Failures: failures.Failures(p.plan.ToRun())}
	return summary.Reasons(), nil
}

// report writes a report's tables to the screen, and its files.
func (p *planned) report(ctx context.Context, r *report.Report, out io.Writer) error {
	if err := r.Table(out, screenOf(out)); err != nil {
		return err
	}
	if err := p.printJobs(ctx, out); err != nil {
		return err
	}
	dir := p.store.Reports(p.plan.Experiment.Name)
	if err := r.Write(dir); err != nil {
		return fmt.Errorf("the page cannot be written into %s: %w", dir, err)
	}
	_, err := fmt.Fprintf(out, "\npage: %s\n", filepath.Join(dir, "report.html"))
	return err
}

// sideBySide compares experiments. Each has its own report, which it leaves as it is.
func sideBySide(ctx context.Context, s *settings, studies []study, out io.Writer) error {
	var reports []*report.Report
	dir := ""
	for _, each := range studies {
		s.changes = each.changes
		planned, err := openResults(ctx, s, each.file)
		if err != nil {
			return err
		}
		r, err := report.Collect(planned.plan, planned.store, nil)
		if err != nil {
			return err
		}
		reports = append(reports, r)
		if dir == "" {
			dir = filepath.Dir(planned.store.Reports(planned.plan.Experiment.Name))
		}
	}
	both := report.Beside(reports)
	if err := both.Table(out, screenOf(out)); err != nil {
		return err
	}
	dir = filepath.Join(dir, both.Name())
	if err := both.Write(dir); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\ntables: %s\n", filepath.Join(dir, "side-by-side.md"))
	return err
}
