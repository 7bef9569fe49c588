package command_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// revision is that of every model of the tests' hub.
const revision = "0123456789abcdef0123456789abcdef01234567"

// hub NAME DIR serves a folder as a model of a Hugging Face hub, in HF_ENDPOINT,
// until the script ends. Of others, owner/gated is gated, owner/broken answers
// with 502, and the rest is not there.
func hub(ts *testscript.TestScript, _ bool, args []string) {
	server := httptest.NewServer(&model{args[0], ts.MkAbs(args[1])})
	ts.Defer(server.Close)
	ts.Setenv("HF_ENDPOINT", server.URL)
}

// refusing STATUS starts a proxy that answers everything with a status, in
// HTTPS_PROXY and https_proxy.
func refusing(ts *testscript.TestScript, _ bool, args []string) {
	status, err := strconv.Atoi(args[0])
	ts.Check(err)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	ts.Defer(server.Close)
	ts.Setenv("HTTPS_PROXY", server.URL)
	ts.Setenv("https_proxy", strings.Replace(server.URL, "//", "//user:secret@", 1))
}

// model is a model of a hub, as far as huggingface_hub asks for it.
type model struct{ name, dir string }

func (m *model) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, isAPI := strings.CutPrefix(r.URL.Path, "/api/models/")
	rest = strings.TrimPrefix(rest, "/")
	switch {
	case strings.HasPrefix(rest, "owner/gated"):
		w.Header().Set("X-Error-Code", "GatedRepo")
		w.WriteHeader(http.StatusForbidden)
	case strings.HasPrefix(rest, "owner/broken"):
		w.WriteHeader(http.StatusBadGateway)
	case !strings.HasPrefix(rest, m.name):
		w.Header().Set("X-Error-Code", "RepoNotFound")
		w.WriteHeader(http.StatusUnauthorized)
	case rest == m.name+"/auth-check":
	case isAPI:
		m.info(w)
	default:
		m.file(w, r, strings.TrimPrefix(rest, m.name+"/resolve/"+revision+"/"))
	}
}

// info lists the model's files.
func (m *model) info(w http.ResponseWriter) {
	var files []map[string]any
	_ = filepath.WalkDir(m.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name, err := filepath.Rel(m.dir, path)
		files = append(files, map[string]any{"rfilename": filepath.ToSlash(name), "size": info.Size()})
		return err
	})
	_ = json.NewEncoder(w).Encode(map[string]any{"id": m.name, "sha": revision, "siblings": files})
}

// file serves a file with what the cache goes by.
func (m *model) file(w http.ResponseWriter, r *http.Request, name string) {
	path := filepath.Join(m.dir, filepath.FromSlash(name))
	info, err := os.Stat(path)
	if err != nil {
		w.Header().Set("X-Error-Code", "EntryNotFound")
		w.WriteHeader(http.StatusNotFound)
		return
	}
	w.Header().Set("X-Repo-Commit", revision)
	w.Header().Set("ETag", fmt.Sprintf("%q", fmt.Sprintf("%s-%d", strings.ReplaceAll(name, "/", "-"), info.Size())))
	http.ServeFile(w, r, path)
}
