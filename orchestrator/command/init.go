package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/draft"
	"kizu/orchestrator/plan"
)

func newInit(s *settings) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "init PHOTOS",
		Short: "Write an experiment file to begin with, for a folder of photos",
		Long: `init looks at a folder of photos, at this machine's devices and at the models on it,
and writes a commented experiment file that kizu check passes. The folder has one
folder for each class, or the layout of MVTec AD. What init had to guess stands
beside it. No file is overwritten.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("give one folder of photos: kizu init PHOTOS")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return initialize(cmd.Context(), s, args[0], output, cmd.OutOrStdout())
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write, - for the screen (default: the folder's name with .yaml, here)")
	return cmd
}

// initialize writes an experiment file for the photos in a folder.
func initialize(ctx context.Context, s *settings, photos, output string, out io.Writer) error {
	layout, err := dataset.LookAround(photos)
	if err != nil {
		return err
	}
	if output == "" {
		output = draft.NameOf(filepath.Base(layout.Root)) + ".yaml"
	}
	if _, err := os.Lstat(output); err == nil && output != "-" {
		return existsAlready(output)
	}
	found, err := surveyed(ctx, s, layout)
	if err != nil {
		return err
	}
	if found.Root, err = rootFrom(output, photos); err != nil {
		return err
	}
	if strings.Contains(found.Root, "$") {
		return fmt.Errorf("%s: an experiment file takes $ for the name of a variable: rename the folder", found.Root)
	}
	d, err := draft.New(*found)
	if err != nil {
		return fmt.Errorf("%s: %w", layout.Root, err)
	}
	if output == "-" {
		return d.Write(out)
	}
	var text bytes.Buffer
	if err := d.Write(&text); err != nil {
		return err
	}
	if err := writeNew(output, text.Bytes()); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s written: look at its guesses, then kizu check %s\n", output, output)
	return err
}

func existsAlready(file string) error {
	return fmt.Errorf("%s exists already, and is not overwritten: give another file with -o", file)
}

// writeNew writes a file that there is not yet.
func writeNew(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, os.ErrExist) {
		return existsAlready(path)
	}
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Close())
}

// rootFrom is a folder as a file names it: from its own folder on, unless the user gave
// the whole path.
func rootFrom(file, folder string) (string, error) {
	if filepath.IsAbs(folder) || file == "-" {
		return filepath.Clean(folder), nil
	}
	from, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return "", err
	}
	to, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(from, to)
	if err != nil {
		return to, nil
	}
	return filepath.ToSlash(relative), nil
}

// surveyed is what there is: the photos in a folder, models and a GPU.
func surveyed(ctx context.Context, s *settings, layout *dataset.Layout) (*draft.Found, error) {
	if err := s.load(); err != nil {
		return nil, err
	}
	machine, err := s.machine()
	if err != nil {
		return nil, err
	}
	_, memory, err := s.remembering(ctx, &machine)
	if err != nil {
		return nil, err
	}
	found, err := plan.Survey(layout, machine)
	memory.Save()
	if err != nil {
		return nil, err
	}
	devices, err := s.probe(ctx)
	for _, d := range devices {
		if strings.HasPrefix(d.Name, "cuda") && found.GPU == "" {
			found.GPU = fmt.Sprintf("%s, %s", d.Label, size(d.Memory))
		}
	}
	return found, err
}
