package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"kizu/orchestrator/execute"
	"kizu/orchestrator/experiment"
)

// study is an experiment file with changes to it: what --set says and, in a series, a
// value of each --each.
type study struct {
	file    string
	changes []string
}

// addEach gives a command that takes several files the flag --each.
func (s *settings) addEach(cmd *cobra.Command) {
	s.addSet(cmd)
	cmd.Flags().StringArrayVar(&s.series, "each", nil,
		"`path=value,value…` of which every value is a study of its own, such as lora.rank=4,8,16; may be repeated")
}

// someFiles is the argument of commands that work on one experiment file or several.
func someFiles(use string) func(*cobra.Command, []string) error {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 0 {
			return fmt.Errorf("give an experiment file, several or a folder of them: kizu %s", use)
		}
		return nil
	}
}

// studies lists what files, folders of files and --each come to.
func (s *settings) studies(args []string) ([]study, error) {
	variants, err := s.variants()
	if err != nil {
		return nil, err
	}
	var list []study
	var names []string // of a series
	for _, arg := range args {
		files, err := filesOf(arg)
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			for _, variant := range variants {
				changes := slices.Clone(s.changes)
				if len(variant) > 0 {
					named, err := variantName(file, s.changes, variant)
					if err != nil {
						return nil, err
					}
					if slices.Contains(names, file+" "+named) {
						return nil, fmt.Errorf("--each makes two studies called %s: give values that differ in letters or digits", named)
					}
					names = append(names, file+" "+named)
					changes = append(append(changes, variant...), "name="+named)
				}
				list = append(list, study{file, changes})
			}
		}
	}
	return list, nil
}

// filesOf is a file, or those of a folder that end in .yaml or .yml, by name.
func filesOf(path string) ([]string, error) {
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return []string{path}, nil // reading it says what is wrong
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		if ext := filepath.Ext(entry.Name()); !entry.IsDir() && (ext == ".yaml" || ext == ".yml") {
			files = append(files, filepath.Join(path, entry.Name()))
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no experiment file (.yaml) in the folder %s", path)
	}
	return files, nil
}

// variants are the changes of each study of a series: every value of one --each with every
// value of the others, the last varying fastest. Without any it is one without changes.
func (s *settings) variants() ([][]string, error) {
	all := [][]string{nil}
	for _, each := range s.series {
		path, values, ok := strings.Cut(each, "=")
		if !ok || path == "" || values == "" {
			return nil, fmt.Errorf("--each %s: give a path and its values, such as lora.rank=4,8,16", each)
		}
		if path == "name" || s.sets(path) {
			return nil, fmt.Errorf("--each %s: %s is given elsewhere: by another --each, by --set, or by --each itself, which names each study", each, path)
		}
		var longer [][]string
		for _, variant := range all {
			for _, value := range valuesOf(values) {
				if value == "" {
					return nil, fmt.Errorf("--each %s: a value between two commas is missing", each)
				}
				longer = append(longer, append(slices.Clone(variant), path+"="+value))
			}
		}
		all = longer
	}
	return all, nil
}

// sets reports whether a path is changed by --set, or by more than one --each.
func (s *settings) sets(path string) bool {
	given := 0
	for _, change := range slices.Concat(s.changes, s.series) {
		if strings.HasPrefix(change, path+"=") {
			given++
		}
	}
	return given > 1
}

// valuesOf divides values at commas, but not within brackets.
func valuesOf(text string) (values []string) {
	depth, from := 0, 0
	for i, char := range text {
		switch {
		case strings.ContainsRune("[{(", char):
			depth++
		case strings.ContainsRune("]})", char):
			depth--
		case char == ',' && depth <= 0:
			values = append(values, strings.TrimSpace(text[from:i]))
			from = i + 1
		}
	}
	return append(values, strings.TrimSpace(text[from:]))
}

var notInNames = regexp.MustCompile(`[^A-Za-z0-9._-]+`)

// variantName is the experiment's name with what is changed: "gears rank=4" as gears-rank-4.
func variantName(file string, changes, variant []string) (string, error) {
	exp, err := experiment.Load(file, slices.Concat(changes, variant)...)
	if err != nil {
		text := err.Error()
		for _, change := range variant { // which nobody has given by --set
			text = strings.ReplaceAll(text, "--set "+change, "--each "+change)
		}
		return "", errors.New(text)
	}
	name := exp.Name
	for _, change := range variant {
		path, value, _ := strings.Cut(change, "=")
		name += "-" + path[strings.LastIndex(path, ".")+1:] + "-" + notInNames.ReplaceAllString(value, "-")
	}
	return name, nil
}

// severalError ends a command on several studies some of which failed; what failed is on the
// screen already.
type severalError struct {
	failed, all int
	worst       error
}

func (e *severalError) Error() string { return fmt.Sprintf("%d of %d studies failed", e.failed, e.all) }
func (e *severalError) Unwrap() error { return e.worst }

// forEach does something for each study, of a failing one too: it does not stop the others,
// but an interruption does. The exit code is that of the worst.
func (s *settings) forEach(ctx context.Context, args []string, stderr io.Writer, do func(file string) error) error {
	list, err := s.studies(args)
	if err != nil {
		return err
	}
	several := &severalError{all: len(list)}
	for _, each := range list {
		s.changes = each.changes
		if len(list) > 1 && !s.on(setQuiet) {
			fmt.Fprintf(stderr, "kizu: %s\n", s.again(each.file, each.changes))
		}
		err := do(each.file)
		switch {
		case len(list) == 1 || ctx.Err() != nil || errors.Is(err, execute.ErrInterrupted):
			return err
		case err == nil:
			continue
		case !told(err):
			fmt.Fprintf(stderr, "kizu: %v\n", err)
		}
		several.failed++
		if several.worst == nil || exitCode(err) > exitCode(several.worst) {
			several.worst = err
		}
	}
	if several.failed > 0 {
		return several
	}
	return nil
}
