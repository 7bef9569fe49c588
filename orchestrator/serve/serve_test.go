package serve

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kizu/orchestrator/execute/runlog"
	"kizu/orchestrator/store"
)

// Keys of artifacts.
var (
	training  = strings.Repeat("1a", 32)
	images    = strings.Repeat("2b", 32)
	finished  = strings.Repeat("3c", 32)
	otherOnes = strings.Repeat("4d", 32)
)

// filled is a store with the experiment gears, of which a run is at work: a training at
// a checkpoint, and a classifier and images that are done.
func filled(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	commit(t, st, "generate", images, `images <scratch>, seed 0`, map[string]string{"images/0000.png": "a picture", "images.csv": "name"})
	commit(t, st, "generate", otherOnes, "of another experiment", map[string]string{"images/0000.png": "a picture"})
	commit(t, st, "classify", finished, "classifier real", map[string]string{"training.csv": "epoch,loss,accuracy\n1,0.5,0.1\n2,0.25,0.2\n"})
	write(t, st.Checkpoints(training)+"/00000003/losses.csv", "step,loss\n1,0.9\n2,0.8\n3,0.7\n")
	needs := store.Needs{Experiment: "gears", Time: time.Now(), Artifacts: []string{"train_lora/" + training, "generate/" + images, "classify/" + finished}}
	if err := st.Remember(needs); err != nil {
		t.Fatal(err)
	}
	write(t, st.Reports("gears")+"/results.json", `{"question": "Do they help?", "verdict": {"lines": ["Use them.", "From 5 to 3."]}, "answer": [], "cells": []}`)
	write(t, st.Reports("gears")+"/report.html", "<script>page</script>")
	write(t, st.Reports("gears")+"/gallery/01.png", "a sheet")
	write(t, st.Reports("gears vs nuts")+"/side-by-side.md", "# both")
	goesOn(t, st, false)
	return st
}

// goesOn has the run of gears say what it is at.
func goesOn(t *testing.T, st *store.Store, ended bool) {
	t.Helper()
	const run = "gears-20260101T000000.000Z-1"
	live := runlog.Live{Run: run, Host: st.Host(), PID: os.Getpid(), Started: time.Now().Add(-time.Hour), ToRun: 3, Done: 2, SecondsLeft: 90, Ended: ended}
	live.Devices = []runlog.LiveDevice{{
		Device: "cpu", Task: "train_lora:" + training[:10], Label: "LoRA of scratch", Since: time.Now(), Done: 7, Total: 40, Fields: map[string]any{"loss": 0.0625},
		Beside: []runlog.LiveTask{{Task: "train_lora:00", Label: "another"}},
	}}
	write(t, filepath.Join(st.Logs(run), "failed", "x.json"), `{"task":"x","label":"X","message":"the disk is full"}`)
	if err := live.Write(st.Logs(run)); err != nil {
		t.Fatal(err)
	}
}

func commit(t *testing.T, st *store.Store, kind, key, label string, files map[string]string) {
	t.Helper()
	staging, err := st.Begin(kind, key)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		write(t, filepath.Join(staging.Dir(), name), text)
	}
	if err := staging.Commit(&store.Manifest{Kind: kind, Key: key, Label: label, Finished: time.Now()}); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// serving serves a store as on a loopback address.
func serving(t *testing.T, st *store.Store) *httptest.Server {
	server := httptest.NewServer((&Server{Store: st, Every: time.Millisecond}).Handler())
	t.Cleanup(server.Close)
	return server
}

func get(t *testing.T, url string) (code int, header http.Header, text string) {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, response.Header, string(body)
}

// The pages say what the store does, without a script, and nothing of it acts as markup.
func TestPages(t *testing.T) {
	st := filled(t)
	server := serving(t, st)
	for path, wants := range map[string][]string{
		"/": {
			`<a href="/experiments/gears">gears</a> <span class="badge running">running</span>`, "Do they help?", "Use them.", "2 of 3 tasks done",
			`<a href="/reports/gears/report.html">the report</a>`, `<a href="/reports/gears%20vs%20nuts/side-by-side.md">`, `class="badge reported"`,
		},
		"/experiments/gears": {
			"Do they help?", "Use them.", "From 5 to 3.", "Running for 1 h 00 min on " + st.Host(), "2 of 3 tasks done; about 1 min 30 s left",
			"1 task failed:", `<li class="failure">X: the disk is full</li>`, "LoRA of scratch and 1 more together", ": 7 of 40, loss 0.0625", `<progress max="40" value="7" aria-label="LoRA of scratch">`,
			"so far 3 steps: from 0.9 to 0.7", "2 epochs: from 0.5 to 0.25", `points="0.0,0.0 150.0,45.0 300.0,90.0 "`,
			`<img src="/images/` + images + `/0000.png" alt="images &lt;scratch&gt;, seed 0, 0000.png"`, "1 image, ",
		},
	} {
		code, header, text := get(t, server.URL+path)
		for _, want := range wants {
			if !strings.Contains(text, want) {
				t.Errorf("%s: no %q in\n%s", path, want, text)
			}
		}
		policy := header.Get("Content-Security-Policy")
		if code != 200 || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(text, "<scratch>") {
			t.Errorf("%s: %d, policy %q", path, code, policy)
		}
		if strings.Contains(text, otherOnes) {
			t.Errorf("%s shows what is of another experiment", path)
		}
	}
	code, header, text := get(t, server.URL+"/reports/gears/report.html")
	if policy := header.Get("Content-Security-Policy"); code != 200 || text != "<script>page</script>" || !strings.HasPrefix(policy, "sandbox") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the report: %d, policy %q, %q", code, policy, text)
	}
}

// What is no file of a report or image, or lies outside, is not there, and whoever asks
// under another name, or to change something, is refused.
func TestRefusals(t *testing.T) {
	st := filled(t)
	secret := filepath.Join(t.TempDir(), "secret.txt")
	write(t, secret, "secret")
	reports := st.Reports("gears")
	for link, target := range map[string]string{"out.txt": secret, "up": "../..", "in.txt": "results.json"} {
		if err := os.Symlink(target, filepath.Join(reports, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Dir(secret), st.Reports("folder")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(reports, "pipe.txt"), 0o644); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(reports, "page.svg"), "<svg/>")
	server := serving(t, st)
	host := strings.TrimPrefix(server.URL, "http://")
	for _, test := range []struct {
		method, path, host string
		code               int
	}{
		{"GET", "/", "", 200},
		{"HEAD", "/", "", 200},
		{"HEAD", "/events", "", 200},
		{"GET", "/reports/gears/gallery/01.png", "", 200},
		{"GET", "/reports/gears/in.txt", "", 200},
		{"GET", "/images/" + images + "/0000.png", "", 200},
		{"GET", "/", "localhost:1", 200},
		{"GET", "/", "LOCALHOST", 200},
		{"GET", "/", "[::1]:80", 200},
		{"GET", "/", "[::1]", 200},
		{"GET", "/", "rebound.example.com", 403},
		{"GET", "/", "127.0.0.1.example.com:80", 403},
		{"GET", "/reports/gears/report.html", "192.168.0.1", 403},
		{"POST", "/", "", 405},
		{"DELETE", "/reports/gears/report.html", "", 405},
		{"OPTIONS", "/nowhere", "", 405},
		{"GET", "/nowhere", "", 404},
		{"GET", "/experiments/none", "", 404},
		{"GET", "/experiments/none/events", "", 404},
		{"GET", "/reports/gears/", "", 404},
		{"GET", "/reports/gears/gallery", "", 404},
		{"GET", "/reports/gears/gallery/", "", 404},
		{"GET", "/reports/gears/out.txt", "", 404},
		{"GET", "/reports/gears/up/journal.jsonl", "", 404},
		{"GET", "/reports/folder/secret.txt", "", 404},
		{"GET", "/reports/gears/pipe.txt", "", 404},
		{"GET", "/reports/gears/..%2f..%2fjournal.jsonl", "", 404},
		{"GET", "/reports/..%2f/journal.jsonl", "", 404},
		{"GET", "/reports/%2e%2e/journal.jsonl", "", 404},
		{"GET", "/reports/gears/%2fetc%2fpasswd", "", 404},
		{"GET", "/reports/gears/a%00b", "", 404},
		{"GET", "/images/..%2f" + images + "/0000.png", "", 404},
		{"GET", "/images/" + images + "/..%2fmanifest.json", "", 404},
		{"GET", "/images/" + images + "/..%2fimages.csv", "", 404},
	} {
		request, err := http.NewRequestWithContext(t.Context(), test.method, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.URL.Opaque, request.Host = test.path, test.host // as it stands, not cleaned
		if test.host == "" {
			request.Host = host
		}
		response, err := http.DefaultTransport.RoundTrip(request)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		code := response.StatusCode
		if code == 301 || code == 307 { // to the path without what leads up
			code = 404
		}
		if code != test.code || strings.Contains(string(body), "secret\n") {
			t.Errorf("%s %s of %s: %d %s, want %d", test.method, test.path, request.Host, response.StatusCode, body, test.code)
		}
	}
	if _, header, _ := get(t, server.URL+"/reports/gears/page.svg"); header.Get("Content-Type") != "application/octet-stream" || header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("a picture that may hold scripts is served as %q", header.Get("Content-Type"))
	}
}

// stream reads the events of a page.
type stream struct {
	*testing.T
	lines *bufio.Scanner
}

func listen(t *testing.T, url string) stream {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { response.Body.Close() })
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 1<<20)
	return stream{t, lines}
}

// until waits for the page to show a text.
func (s stream) until(want string) {
	s.Helper()
	for s.lines.Scan() {
		text := ""
		if line, ok := strings.CutPrefix(s.lines.Text(), "data: "); ok && json.Unmarshal([]byte(line), &text) == nil && strings.Contains(text, want) {
			return
		}
	}
	s.Fatalf("the stream ended (%v) before %q", s.lines.Err(), want)
}

// A stream shows at first all that there is, then what changes; one that begins later
// has missed nothing.
func TestEvents(t *testing.T) {
	st := filled(t)
	server := serving(t, st)
	page, list := listen(t, server.URL+"/experiments/gears/events"), listen(t, server.URL+"/events")
	page.until("7 of 40")
	list.until(`class="badge running"`)
	commit(t, st, "train_lora", training, "LoRA of scratch", map[string]string{"losses.csv": "step,loss\n1,0.9\n2,0.3\n"})
	page.until("2 steps: from 0.9 to 0.3")
	goesOn(t, st, true)
	page.until(`class="badge done"`)
	list.until("3 of 3 tasks done")
	listen(t, server.URL+"/experiments/gears/events").until(`class="badge done"`)
	write(t, st.Reports("gears")+"/results.json", `{"answer": ["It is as it was."]}`)
	page.until("It is as it was.")
	write(t, st.Reports("gears")+"/results.json", `{`)
	page.until("unexpected end of JSON input")
}

// A server ends when it is told to, with streams open or not.
func TestRunEnds(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- (&Server{Store: filled(t), Every: time.Millisecond}).Run(ctx, listener, log.New(io.Discard, "", 0))
	}()
	listen(t, fmt.Sprintf("http://%s/events", listener.Addr())).until("gears")
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
