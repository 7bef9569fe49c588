package serve

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"kizu/orchestrator/plan"
	pages "kizu/orchestrator/report"
)

var (
	//go:embed assets/page.tmpl
	layout string
	//go:embed assets/style.css
	ownStyle string
	//go:embed assets/script.js
	script string

	style = pages.Style + ownStyle

	templates = template.Must(template.New("").Funcs(template.FuncMap{
		"plural": func(n int, thing string) string { return english.Plural(n, thing, "") },
		"time":   func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"since":  func(t time.Time) string { return plan.Short(time.Since(t).Round(time.Second)) },
		"short":  func(seconds float64) string { return plan.Short(time.Duration(seconds * float64(time.Second))) },
		"figure": func(x any) string { return fmt.Sprintf("%.3g", x) },
		"add":    func(a, b int) int { return a + b },
	}).Parse(layout))
)

// shown is the main part of a page: of one experiment or, without a name, of all. It is
// "" for an experiment that the store says nothing of.
func (s *Server) shown(name string) (string, error) {
	known, err := s.known()
	if err != nil {
		return "", err
	}
	there, err := s.committed()
	if err != nil {
		return "", err
	}
	var text strings.Builder
	if n, ok := known[name]; ok {
		e := s.look(n, there)
		err = templates.ExecuteTemplate(&text, "experiment", map[string]any{"Experiment": e, "Curves": s.curves(e, there), "Images": s.images(e, there)})
	} else if name == "" {
		var all []*experiment
		for _, n := range known {
			all = append(all, s.look(n, there))
		}
		slices.SortFunc(all, func(a, b *experiment) int { // the latest run first
			return cmp.Or(b.Time.Compare(a.Time), strings.Compare(a.Experiment, b.Experiment))
		})
		err = templates.ExecuteTemplate(&text, "experiments", map[string]any{"Store": s.Store.Root(), "Experiments": all})
	}
	return text.String(), err
}

// first is shown for a request, which it answers itself if there is nothing to show.
func (s *Server) first(w http.ResponseWriter, r *http.Request) (text string, ok bool) {
	text, err := s.shown(r.PathValue("name"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
	} else if text == "" {
		http.Error(w, "the store has no such experiment", http.StatusNotFound)
	}
	return text, err == nil && text != ""
}

// page answers with a whole page, which needs no script to be read.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	text, ok := s.first(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = templates.ExecuteTemplate(w, "page", map[string]any{ // fails when nobody reads any more
		"Name": r.PathValue("name"), "Store": s.Store.Root(), "Events": path.Join(r.URL.Path, "events"), "Main": template.HTML(text), "Style": template.CSS(style), "Script": template.JS(script),
	})
}

// beatEvery is the time after which a stream says something in any case, so that a
// page knows that it lives.
const beatEvery = 10 * time.Second

// events sends the main part of a page, now and whenever it changes, until either side
// ends. So it does not matter what a page has missed.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	text, ok := s.first(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	sent, last, took, stream := "", time.Now(), time.Duration(0), http.NewResponseController(w)
	for r.Method != http.MethodHead {
		event := ""
		if text != sent {
			line, _ := json.Marshal(text) // a text
			event = fmt.Sprintf("retry: 1000\ndata: %s\n\n", line)
		} else if time.Since(last) > beatEvery {
			event = "event: beat\ndata:\n\n"
		}
		if event != "" {
			sent, last = text, time.Now()
			_ = stream.SetWriteDeadline(last.Add(beatEvery)) // who does not read is gone
			if _, err := fmt.Fprint(w, event); err != nil || stream.Flush() != nil {
				return
			}
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(max(s.Every, 20*took)): // a large store has work to do
		}
		began := time.Now()
		if now, err := s.shown(r.PathValue("name")); err == nil && now != "" { // or the store is away for a moment
			text = now
		}
		took = time.Since(began)
	}
}
