package command_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// browser is a headless Chromium with one page, driven over its pipes by the DevTools
// protocol.
type browser struct {
	*testing.T
	commands io.Writer
	answers  chan answer
	session  string
	sent     int
	errors   string // that the page has logged
}

type answer struct {
	ID     int    `json:"id"`
	Method string `json:"method"`
	Result struct {
		TargetID  string `json:"targetId"`
		SessionID string `json:"sessionId"`
		Result    struct {
			Value any `json:"value"`
		} `json:"result"`
	} `json:"result"`
	Params struct {
		Entry struct {
			Source string `json:"source"`
			Text   string `json:"text"`
		} `json:"entry"`
	} `json:"params"`
}

// opened opens an empty page; without a browser the test is skipped. Nothing is
// fetched: the host names of the network resolve to nothing.
func opened(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no Chromium is there, so no page is opened")
	}
	theirs, commands, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	answers, also, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	profile, err := os.MkdirTemp("", "chromium")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
		"--user-data-dir="+profile, "--remote-debugging-pipe", "about:blank")
	cmd.ExtraFiles = []*os.File{theirs, also}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	also.Close()
	b := &browser{T: t, commands: commands, answers: make(chan answer, 100)}
	go func() {
		defer close(b.answers)
		decoder := json.NewDecoder(spaced{answers})
		for {
			var a answer
			if decoder.Decode(&a) != nil {
				return
			}
			b.answers <- a
		}
	}()
	t.Cleanup(func() {
		commands.Close()
		go func() {
			for range b.answers {
			}
		}()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
		answers.Close()
		// Its children may still write as they end.
		for i := 0; os.RemoveAll(profile) != nil && i < 100; i++ {
			time.Sleep(50 * time.Millisecond)
		}
	})
	target := b.ask("Target.createTarget", map[string]any{"url": "about:blank"})
	b.session = b.ask("Target.attachToTarget", map[string]any{"targetId": target.Result.TargetID, "flatten": true}).Result.SessionID
	b.ask("Log.enable", nil)
	return b
}

// spaced makes the zeros between messages spaces.
type spaced struct{ io.Reader }

func (s spaced) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	copy(p, bytes.ReplaceAll(p[:n], []byte{0}, []byte{' '}))
	return n, err
}

// ask sends a command and waits for its answer.
func (b *browser) ask(method string, params any) answer {
	b.Helper()
	b.sent++
	message := map[string]any{"id": b.sent, "method": method, "sessionId": b.session}
	if params != nil {
		message["params"] = params
	}
	if b.session == "" {
		delete(message, "sessionId")
	}
	text, err := json.Marshal(message)
	if err == nil {
		_, err = b.commands.Write(append(text, 0))
	}
	if err != nil {
		b.Fatal(err)
	}
	for a := range b.answers {
		// What is refused while no server is there is meant to be.
		if entry := a.Params.Entry; a.Method == "Log.entryAdded" && entry.Source != "network" {
			b.errors += entry.Text + "\n"
		}
		if a.ID == b.sent {
			return a
		}
	}
	b.Fatal("the browser has ended")
	return answer{}
}

// until waits for the page to make an expression true.
func (b *browser) until(expression string) {
	b.Helper()
	deadline := time.Now().Add(4 * time.Minute) // for a run on a busy machine
	for time.Now().Before(deadline) {
		if b.ask("Runtime.evaluate", map[string]any{"expression": "Boolean(" + expression + ")", "returnByValue": true}).Result.Result.Value == true {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	text := b.ask("Runtime.evaluate", map[string]any{"expression": "document.documentElement.outerHTML", "returnByValue": true}).Result.Result.Value
	b.Fatalf("never: %s\n%v\n%s", expression, text, b.errors)
}

// started starts a command, which ends with the test.
func (c *chaos) started(cmd *exec.Cmd) *exec.Cmd {
	c.Helper()
	if err := cmd.Start(); err != nil {
		c.Fatal(err)
	}
	c.Cleanup(func() { kill(cmd) })
	return cmd
}

func (c *chaos) runs() *exec.Cmd {
	cmd, output := c.command("runs")
	c.Cleanup(func() {
		if c.Failed() {
			c.Logf("a run said:\n%s", output) // it has ended: this is called last
		}
	})
	return c.started(cmd)
}

// serves starts a server on an address, and returns the one that it took.
func (c *chaos) serves(address string) (*exec.Cmd, string) {
	c.Helper()
	cmd := exec.Command(c.program, "serve", "--store", filepath.Join(c.dir, "runs"), "--listen", address)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		c.Fatal(err)
	}
	c.started(cmd)
	var taken string
	if _, err := fmt.Fscanf(out, "http://%s", &taken); err != nil {
		c.Fatal(err)
	}
	return cmd, strings.TrimSuffix(taken, "/")
}

// waitFor waits until a file of the store has a text.
func (c *chaos) waitFor(glob, wanted string) {
	c.Helper()
	if !waitFor(filepath.Join(c.dir, glob), regexp.MustCompile(wanted)) {
		c.Fatalf("no file %s has %q", glob, wanted)
	}
}

func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}

// A page that was opened once shows a run to its end, though the server and the run
// are killed on the way and started again.
func TestARunIsWatchedInABrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("make test-slow runs it")
	}
	b := opened(t)
	c := &chaos{T: t, dir: t.TempDir()}
	c.setUp()
	before, conditions, _ := strings.Cut(tiny, "conditions:") // as few tasks as have losses, images and a report
	before, _, _ = strings.Cut(before, "patterns:")
	c.write("tiny.yaml", []byte(before+"conditions:"+conditions))
	run := c.runs()
	c.waitFor("runs/needs/*.json", "tiny") // the first thing that is said of it
	server, address := c.serves("127.0.0.1:0")
	b.ask("Page.navigate", map[string]any{"url": "http://" + address + "/experiments/tiny"})
	const state = `document.querySelector("#state .badge")?.textContent === `
	const lost = `document.getElementById("connection").hidden === `
	b.until(state + `"running" && document.querySelector(".device strong").textContent === "cpu" && source.readyState === EventSource.OPEN`)

	kill(server)
	b.until(lost + "false")
	server, _ = c.serves(address)
	b.until(lost + "true && " + state + `"running"`)

	c.waitFor("runs/journal.jsonl", "(.*\n){2}")
	kill(run)
	b.until(state + `"not finished" && document.querySelector("#runs").textContent.trim() === ""`)
	kill(server)
	run = c.runs()
	c.waitFor("runs/logs/tiny-*/live.json", fmt.Sprintf(`"pid":%d,`, run.Process.Pid))
	c.serves(address)
	b.until(state + `"running"`)
	if err := run.Wait(); err != nil {
		t.Fatal(err)
	}

	b.until(state + `"done" && document.querySelector(".answer .lead").textContent.length > 0`)
	b.until(`document.querySelectorAll("#curves polyline").length > 1 && document.images.length > 1`)
	b.until(`document.getElementById("images").scrollIntoView() || [...document.images].every((image) => image.naturalWidth > 0)`)
	b.until(`[...document.querySelectorAll("a")].find((a) => a.textContent === "the report").click() || true`)
	b.until(`document.querySelector("th button") && location.pathname === "/reports/tiny/report.html" && [...document.images].every((image) => image.naturalWidth > 0 || !image.src)`)
	if b.errors != "" {
		t.Errorf("the pages say in the console:\n%s", b.errors)
	}
}
