package slurm

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Element is an element of a job array, as the queue or the accounting has it.
type Element struct {
	Job    string `json:"job"` // of the array
	Index  int    `json:"index"`
	State  string `json:"state"` // Slurm's word, such as RUNNING
	Node   string `json:"node"`
	Reason string `json:"reason"` // why it waits, or how it ended, where Slurm says so
}

// Name is the element as Slurm's commands take it.
func (e Element) Name() string { return fmt.Sprintf("%s_%d", e.Job, e.Index) }

// unknown is the state of an element of which nobody knows how it ended.
const unknown = "UNKNOWN"

// ended lists the states that an element does not leave by itself.
var ended = []string{
	"BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT", unknown,
}

// Active reports whether the element works or will.
func (e Element) Active() bool { return !slices.Contains(ended, e.State) }

// Failed reports whether the element ended in another way than by itself with
// code 0. One that was cancelled before it had a node never began.
func (e Element) Failed() bool {
	return !e.Active() && e.State != "COMPLETED" && (e.State != "CANCELLED" || e.Node != "")
}

// queueFormat asks squeue for what parseQueue reads. The reason is last: it is free text.
const queueFormat = "%i|%T|%N|%r"

// parseQueue reads squeue's table. Lines that are none are passed over.
func parseQueue(text string) []Element {
	var list []Element
	for line := range strings.Lines(text) {
		fields := strings.SplitN(strings.TrimSpace(line), "|", 4)
		if len(fields) < 4 {
			continue
		}
		list = append(list, elements(fields[0], fields[1], fields[2], fields[3])...)
	}
	return sorted(list)
}

// accountFormat asks sacct for what parseAccount reads.
const accountFormat = "JobID,State,NodeList,ExitCode"

// parseAccount reads sacct's table, which has a line for every step, too.
func parseAccount(text string) []Element {
	var list []Element
	for line := range strings.Lines(text) {
		fields := strings.Split(strings.TrimSpace(line), "|")
		if len(fields) < 4 {
			continue
		}
		state, _, _ := strings.Cut(fields[1], " ") // CANCELLED by 1000
		state = strings.TrimSuffix(state, "+")
		node, reason := fields[2], ""
		if node == "None assigned" {
			node = ""
		}
		if code, signal, ok := strings.Cut(fields[3], ":"); ok && fields[3] != "0:0" {
			reason = "exit code " + code
			if signal != "0" {
				reason = "signal " + signal
			}
		}
		list = append(list, elements(fields[0], state, node, reason)...)
	}
	return sorted(list)
}

var (
	elementName = regexp.MustCompile(`^(\d+)_(\d+|\[[\d,-]+(?:%\d+)?\])$`)
	maxElements = 100_000 // of a range: more than any cluster allows
)

// elements reads "12_3", or "12_[0,4-7%2]" for those that wait.
func elements(name, state, node, reason string) (list []Element) {
	match := elementName.FindStringSubmatch(name)
	if match == nil || state == "" {
		return nil
	}
	indices, _, _ := strings.Cut(strings.Trim(match[2], "[]"), "%")
	for part := range strings.SplitSeq(indices, ",") {
		from, to, isRange := strings.Cut(part, "-")
		if !isRange {
			to = from
		}
		first, err := strconv.Atoi(from)
		last, err2 := strconv.Atoi(to)
		if err != nil || err2 != nil || last-first >= maxElements {
			return nil
		}
		for i := first; i <= last; i++ {
			list = append(list, Element{match[1], i, state, node, reason})
		}
	}
	return list
}

func sorted(list []Element) []Element {
	slices.SortStableFunc(list, func(a, b Element) int {
		return cmp.Or(cmp.Compare(len(a.Job), len(b.Job)), cmp.Compare(a.Job, b.Job), cmp.Compare(a.Index, b.Index))
	})
	return list
}

// parseTimeLeft reads the time that squeue says a job has left: [days-]hours: minutes:seconds with
// the larger units left out. It is false where there is no limit.
func parseTimeLeft(text string) (left time.Duration, limited bool) {
	text = strings.TrimSpace(text)
	days, rest, hasDays := strings.Cut(text, "-")
	if !hasDays {
		days, rest = "0", text
	}
	units := []time.Duration{time.Second, time.Minute, time.Hour}
	parts := strings.Split(rest, ":")
	if len(parts) > len(units) || len(parts) < 2 {
		return 0, false // UNLIMITED, NOT_SET, INVALID
	}
	slices.Reverse(parts)
	for i, part := range append(parts, make([]string, len(units)-len(parts))...) {
		n, err := strconv.ParseUint(cmp.Or(part, "0"), 10, 16)
		if err != nil {
			return 0, false
		}
		left += time.Duration(n) * units[i]
	}
	n, err := strconv.ParseUint(days, 10, 16)
	return left + time.Duration(n)*24*time.Hour, err == nil
}
