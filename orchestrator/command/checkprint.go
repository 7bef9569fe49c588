package command

import (
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"unicode/utf8"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
)

// printCheck prints a checkup for people, on one screen: the photos, what the study
// takes of them, what it runs on and writes, and last what is wrong or that it can run.
func printCheck(out io.Writer, c *checkup) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, shortened("PHOTOS in "+c.Root, screenColumns))
	printClasses(w, c)
	printNotes(w, slices.Concat(c.LeftOutNotes(), c.Range, c.SeenNotes()))
	endTable(w)
	printMachine(w, c)
	endTable(w)
	printNotes(w, c.Answers)
	printSome(w, "WARNING", c.Warnings, shownWarnings)
	if c.Plan != nil {
		printNotes(w, c.Plan.SimilarPairs())
	}
	for _, path := range c.Pictures {
		fmt.Fprintln(w, "pictures of what networks see:", path)
	}
	printSome(w, "PROBLEM", c.Problems, shownProblems)
	if len(c.Problems) == 0 {
		fmt.Fprintf(w, "%s can run\n", c.Experiment)
	}
	return w.Flush()
}

// endTable ends a table and leaves a line free.
func endTable(w *tabwriter.Writer) {
	_ = w.Flush() // the last Flush returns what went wrong
	fmt.Fprintln(w)
}

// How many warnings and problems are shown, to leave room for the rest on a screen.
const (
	shownWarnings = 5
	shownProblems = 12
)

// printSome prints the first of a list, and how many more there are.
func printSome(w io.Writer, head string, list []string, most int) {
	for _, text := range list[:min(len(list), most)] {
		printWrapped(w, head+" "+text, "  ")
	}
	if more := len(list) - most; more > 0 {
		fmt.Fprintf(w, "%s and %d more: kizu check --json lists them\n", head, more)
	}
}

// printNotes prints sentences.
func printNotes(w io.Writer, notes []string) {
	for _, note := range notes {
		printWrapped(w, note, "")
	}
}

// printWrapped prints a text in lines of the narrowest usual screen. Lines of its own stay
// lines, with the space that they begin with; what goes on in another begins with hang, too.
func printWrapped(w io.Writer, text, hang string) {
	for line := range strings.SplitSeq(text, "\n") {
		indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
		fmt.Fprintln(w, indent+strings.Join(table.Wrap(line, screenColumns-len(indent+hang)), "\n"+indent+hang))
	}
}

const screenColumns = 80

// printClasses prints a line for each class: how many photos there are and how many are
// asked for, of the uses beside testing by the one that has the fewest to spare.
func printClasses(w *tabwriter.Writer, c *checkup) {
	masks, column := func(plan.FolderView) string { return "" }, ""
	if slices.ContainsFunc(c.Photos, func(class plan.FolderView) bool { return class.Masked > 0 }) {
		masks, column = func(class plan.FolderView) string { return fmt.Sprintf("%d\t", class.Masked) }, "MASKS\t"
	}
	fmt.Fprintf(w, "CLASS\tFOUND\t%sTEST\tNEEDED\tSIZE AND MODE\n", column)
	for _, class := range c.Photos {
		tested, needed := "–", "–"
		if need, ok := c.Tested(class.Class); ok {
			tested = fmt.Sprint(class.Tested)
			if need.Have < need.Want {
				tested = fmt.Sprintf("%d of %d, too few", need.Have, need.Want)
			}
		}
		if need, ok := c.Tightest(class.Class); ok {
			needed = fmt.Sprintf("%d of %d", need.Want, need.Have)
			if need.Have < need.Want {
				needed += ", too few"
			}
		}
		fmt.Fprintf(w, "%s\t%d\t%s%s\t%s\t%s\n", class.Class, class.Found, masks(class), tested, needed, class.Sizes())
	}
	_ = w.Flush() // what follows are no columns of this table
}

// printMachine prints what is computed with, and what is written where.
func printMachine(w *tabwriter.Writer, c *checkup) {
	line := func(head, format string, args ...any) {
		const heads = len("base model  ")
		fmt.Fprintf(w, "%s\t%s\n", head, shortened(fmt.Sprintf(format, args...), screenColumns-heads))
	}
	if c.BaseState != "" {
		line("base model", "%s: %s", c.Base, c.BaseState)
	}
	for _, weights := range c.Weights {
		line("classifier", "%s", weights)
	}
	if c.Features != "" {
		line("features", "%s", c.Features)
	}
	if c.Referee != "" {
		line("referee", "%s", c.Referee)
	}
	for _, kind := range deviceLines(c.Devices) {
		line("device", "%s", kind)
	}
	if e := c.Estimate; e != nil {
		line("writes", "at most %s: %d %s %s, %d %s %s, %d %s", size(e.Bytes),
			e.LoRAs, english.PluralWord(e.LoRAs, "LoRA", ""), size(e.LoRABytes),
			e.Images, english.PluralWord(e.Images, "image", ""), size(e.ImageBytes),
			e.Classifiers, english.PluralWord(e.Classifiers, "classifier", ""))
	}
	line("free disk", "%s in %s", size(c.Free), c.Store)
}

// aPathIn is an absolute path in a sentence.
var aPathIn = regexp.MustCompile(`(?:^| )(/[^ ,]+)`)

// shortened takes the first folders off the path in a line that is too long; --json has it whole.
func shortened(text string, columns int) string {
	found := aPathIn.FindStringSubmatchIndex(text)
	if found == nil {
		return text
	}
	before, path, after := text[:found[2]], text[found[2]:found[3]], text[found[3]:]
	names := strings.Split(path, "/")[1:]
	for len(names) > 1 && utf8.RuneCountInString(before+path+after) > columns {
		names = names[1:]
		path = "…/" + strings.Join(names, "/")
	}
	return before + path + after
}

// stepping tells processors of one model apart: for logs, not for a screen.
var stepping = regexp.MustCompile(` \(family [^)]*\)`)

// deviceLines has a line for each kind of device, with the names of the first and the last of it.
func deviceLines(devices []device) (lines []string) {
	for len(devices) > 0 {
		first, n := devices[0], 1
		for n < len(devices) && devices[n].Label == first.Label && devices[n].Memory == first.Memory {
			n++
		}
		name := first.Name
		if n > 1 {
			name = fmt.Sprintf("%s to %s, each", first.Name, devices[n-1].Name)
		}
		lines = append(lines, fmt.Sprintf("%s: %s, %s", name, stepping.ReplaceAllString(first.Label, ""), size(first.Memory)))
		devices = devices[n:]
	}
	return lines
}
