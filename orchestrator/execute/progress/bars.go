package progress

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dustin/go-humanize/english"
	"github.com/mattn/go-runewidth" // width of text on a terminal; MIT, progressbar's own choice
	"github.com/schollz/progressbar/v3"

	"kizu/orchestrator/plan"
)

// Bars shows a run on a terminal: a bar for all of it, and below it one for
// each task at hand. progressbar draws a bar; Bars puts several under each
// other by drawing them into memory and rewriting the lines in place.
type Bars struct {
	mu      sync.Mutex
	out     io.Writer
	width   int
	overall *progressbar.ProgressBar
	tasks   []*taskBar
	drawn   int // lines on the screen
	latest  time.Time
}

type taskBar struct {
	task *plan.Task
	text string
	bar  *progressbar.ProgressBar // nil until the total is known
}

// shown is how many tasks have a bar: more than the screen has lines could not
// be rewritten in place.
const shown = 8

// redraw is the time between two drawings.
const redraw = 100 * time.Millisecond

// NewBars draws on a terminal of the given width.
func NewBars(out io.Writer, width int) *Bars {
	return &Bars{out: out, width: width}
}

// bar makes a progress bar that draws into memory.
func (b *Bars) bar(total, width int, unit string) *progressbar.ProgressBar {
	return progressbar.NewOptions(total,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(width),
		progressbar.OptionShowCount(),
		progressbar.OptionSetItsString(unit),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionSetRenderBlankState(true),
	)
}

// Start implements Display.
func (b *Bars) Start(toRun, reused int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if toRun == 0 {
		return
	}
	fmt.Fprintf(b.out, "%d %s to run, %d reused\n", toRun, english.PluralWord(toRun, "task", ""), reused)
	b.overall = b.bar(toRun, 30, "tasks")
}

// TaskStarted implements Display.
func (b *Bars) TaskStarted(task *plan.Task, device string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tasks = append(b.tasks, &taskBar{task: task, text: device})
	b.draw(true)
}

// Progress implements Display.
func (b *Bars) Progress(task *plan.Task, done, total int, fields map[string]any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range b.tasks {
		if t.task != task {
			continue
		}
		if t.bar == nil {
			t.bar = b.bar(total, 20, "it")
		}
		_ = t.bar.Set(done)
		t.text = strings.TrimPrefix(describe(fields), ", ")
	}
	b.draw(false)
}

// TaskDone implements Display.
func (b *Bars) TaskDone(task *plan.Task, took time.Duration) {
	b.end(task, fmt.Sprintf("✓ %s (%s)", task.Label, plan.Short(took)))
}

// TaskFailed implements Display.
func (b *Bars) TaskFailed(task *plan.Task, err error) {
	b.end(task, fmt.Sprintf("✗ %s: %v", task.Label, err))
}

// TaskElsewhere implements Display. Bars show what this run does.
func (b *Bars) TaskElsewhere(*plan.Task) {}

// TaskFound implements Display.
func (b *Bars) TaskFound(task *plan.Task) {
	b.end(task, fmt.Sprintf("= %s (made by another run)", task.Label))
}

func (b *Bars) end(task *plan.Task, line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.tasks = slices.DeleteFunc(b.tasks, func(t *taskBar) bool { return t.task == task })
	_ = b.overall.Add(1)
	b.print(line)
}

// FellApart implements Display.
func (b *Bars) FellApart(group Apart) { b.Log(group.String()) }

// Log implements Display.
func (b *Bars) Log(message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.print(message)
}

// Close implements Display: the bars go, the lines above them stay.
func (b *Bars) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.erase()
}

// print writes a line that stays, above the bars.
func (b *Bars) print(line string) {
	b.erase()
	fmt.Fprintln(b.out, line)
	b.draw(true)
}

func (b *Bars) erase() {
	if b.drawn > 0 {
		fmt.Fprintf(b.out, "\x1b[%dA\x1b[J", b.drawn)
		b.drawn = 0
	}
}

// draw writes all bars in place of the former ones.
func (b *Bars) draw(now bool) {
	if b.overall == nil || (!now && time.Since(b.latest) < redraw) {
		return
	}
	b.latest = time.Now()
	lines := []string{"all   " + rendered(b.overall)}
	for i, t := range b.tasks {
		if i == shown {
			lines = append(lines, fmt.Sprintf("      … and %d more", len(b.tasks)-shown))
			break
		}
		lines = append(lines, "      "+t.task.Label)
		if t.bar == nil {
			lines = append(lines, "      starting on "+t.text)
		} else {
			lines = append(lines, "      "+rendered(t.bar)+"  "+t.text)
		}
	}
	b.erase()
	for _, line := range lines {
		fmt.Fprintln(b.out, runewidth.Truncate(line, b.width-1, "…"))
	}
	b.drawn = len(lines)
}

// rendered is a bar's latest drawing, on one line.
func rendered(bar *progressbar.ProgressBar) string {
	return strings.TrimSpace(strings.ReplaceAll(bar.String(), "\r", ""))
}

// describe writes what a stage says beside its progress: ", loss 0.123".
func describe(fields map[string]any) string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if number, ok := fields[name].(float64); ok {
			fmt.Fprintf(&text, ", %s %.4g", name, number)
		} else {
			fmt.Fprintf(&text, ", %s %v", name, fields[name])
		}
	}
	return text.String()
}
