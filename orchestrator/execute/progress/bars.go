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

// Bars shows a run on a terminal: a bar for all of it, by time, and below it one for each
// device. progressbar draws a bar; Bars puts several under each other by drawing them into
// memory and rewriting the lines in place.
type Bars struct {
	Silent // of what other runs do

	mu      sync.Mutex
	out     io.Writer
	width   int
	pace    *Pace
	overall *progressbar.ProgressBar
	toRun   int
	ended   int
	atHand  batches
	bars    map[*batch]*batchBar
	drawn   int // lines on the screen
	latest  time.Time
	stop    chan struct{}
}

type batchBar struct {
	text string
	bar  *progressbar.ProgressBar // nil until the total is known
}

// shown is how many devices have a bar: more than the screen has lines could not
// be rewritten in place.
const shown = 8

// How often bars are redrawn: at most, and when nothing happens.
const (
	redraw = 100 * time.Millisecond
	tick   = time.Second
)

// NewBars draws on a terminal of the given width.
func NewBars(out io.Writer, width int, pace *Pace) *Bars {
	b := &Bars{out: out, width: width, pace: pace, bars: map[*batch]*batchBar{}, stop: make(chan struct{})}
	go b.keep()
	return b
}

// keep redraws while nothing happens, since time passes.
func (b *Bars) keep() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-b.stop:
			return
		case <-ticker.C:
			b.mu.Lock()
			b.draw(false)
			b.mu.Unlock()
		}
	}
}

// bar makes a progress bar that draws into memory.
func (b *Bars) bar(total, width int, more ...progressbar.Option) *progressbar.ProgressBar {
	return progressbar.NewOptions(total, append(more,
		progressbar.OptionSetWriter(io.Discard),
		progressbar.OptionSetWidth(width),
		progressbar.OptionSetRenderBlankState(true),
	)...)
}

// wholeRun is the length of the bar of all tasks, in parts of the run.
const wholeRun = 1000

// Start and the methods below implement Display.
func (b *Bars) Start(toRun, reused int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if toRun == 0 {
		return
	}
	fmt.Fprintf(b.out, "%d %s to run, %d reused\n", toRun, english.PluralWord(toRun, "task", ""), reused)
	b.toRun = toRun
	b.overall = b.bar(wholeRun, 24, progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false))
}

func (b *Bars) TaskStarted(tasks []*plan.Task, device string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bars[b.atHand.start(tasks)] = &batchBar{text: device}
	b.draw(true)
}

func (b *Bars) Progress(task *plan.Task, done, total int, fields map[string]any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if batch := b.atHand.heard(task); batch != nil {
		shown := b.bars[batch]
		if shown.bar == nil {
			shown.bar = b.bar(total, 20, progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true))
		}
		shown.bar.ChangeMax(total) // another may speak now
		_ = shown.bar.Set(done)
		shown.text = strings.TrimPrefix(describe(fields), ", ")
	}
	b.draw(false)
}

func (b *Bars) TaskDone(task *plan.Task, took time.Duration) {
	b.end(task, fmt.Sprintf("✓ %s (%s)", task.Label, plan.Short(took)))
}

func (b *Bars) TaskFailed(task *plan.Task, err error) {
	b.end(task, fmt.Sprintf("✗ %s: %v", task.Label, err))
}

func (b *Bars) TaskFound(task *plan.Task) {
	b.end(task, fmt.Sprintf("= %s (made by another run)", task.Label))
}

func (b *Bars) end(task *plan.Task, line string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.atHand.end(task)
	b.ended++
	b.print(line)
}

func (b *Bars) FellApart(group Apart) { b.Log(group.String()) }

func (b *Bars) Log(message string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.print(message)
}

// Close implements Display: the bars go, the lines above them stay.
func (b *Bars) Close() {
	close(b.stop)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.erase()
	b.overall = nil
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
	share, left := b.pace.Estimate()
	_ = b.overall.Set(int(share * wholeRun))
	lines := []string{fmt.Sprintf("all   %s  %d of %d tasks, about %s left", rendered(b.overall), b.ended, b.toRun, rough(left))}
	for i, batch := range b.atHand {
		if i == shown {
			lines = append(lines, fmt.Sprintf("      … and %d more", len(b.atHand)-shown))
			break
		}
		bar := b.bars[batch]
		lines = append(lines, "      "+batch.name())
		if bar.bar == nil {
			lines = append(lines, "      starting on "+bar.text)
		} else {
			lines = append(lines, "      "+rendered(bar.bar)+"  "+bar.text)
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
