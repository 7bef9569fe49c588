package command

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize" // sizes and plurals; MIT

	"kizu/orchestrator/plan"
)

// forecast estimates what is to be run, on the devices that are set.
func (p *planned) forecast(s *settings) plan.Forecast {
	return p.plan.Forecast(p.plan.ToRun(), p.store.Host(), s.devices())
}

// printForecast says how long a run will take, and what it goes by.
func printForecast(out io.Writer, f plan.Forecast) error {
	var known []string
	for _, kind := range f.Kinds {
		if kind.From > 0 {
			known = append(known, fmt.Sprintf("%d %s", kind.From, kind.Kind))
		}
	}
	if len(known) > 0 {
		fmt.Fprintf(out, "about %s of one device and %s of disk, going by the latest %s here\n",
			plan.Short(time.Duration(f.Seconds*float64(time.Second))), size(f.Bytes), strings.Join(known, ", "))
	}
	unknown := f.Unknown()
	if len(unknown) == 0 {
		return nil
	}
	_, err := fmt.Fprintf(out, "no estimate for %s: none has run here yet\n", strings.Join(unknown, ", "))
	return err
}

// size writes a number of bytes, a GB being 10⁹ of them as on disks.
func size(n int64) string { return humanize.Bytes(uint64(max(0, n))) }
