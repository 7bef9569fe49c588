package progress

import (
	"fmt"
	"io"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"
)

const (
	readingShown = time.Second     // reading that takes longer has a bar on a terminal,
	readingSaid  = 5 * time.Second // or else, still longer, a line
)

// Reading shows how photos are read for the first time, if that lasts; it is to
// be told after each.
func Reading(out io.Writer, terminal bool) func(done, total int) {
	var bar *progressbar.ProgressBar
	began, said := time.Now(), false
	return func(done, total int) {
		switch lasted := time.Since(began); {
		case done == total || terminal && lasted < readingShown || !terminal && lasted < readingSaid:
		case terminal && bar == nil:
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(out), progressbar.OptionSetDescription("reading photos"),
				progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
		case !terminal && !said:
			said = true
			fmt.Fprintf(out, "reading %s photos; the next time they are known\n", humanize.Comma(int64(total)))
		}
		if bar != nil {
			_ = bar.Set(done)
		}
	}
}
