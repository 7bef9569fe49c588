// Package serve shows a store in a browser: its experiments, the runs that go on and
// the reports. It only reads, and knows what the store says, so whatever writes there,
// on whatever machine, is shown.
package serve

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"kizu/orchestrator/stage"
	"kizu/orchestrator/store"
)

// Server serves one store.
type Server struct {
	Store *store.Store
	Every time.Duration // the time between two looks at the store, for each page that is open
}

// Run serves on a listener until ctx ends, which is no error: nothing is at stake.
func (s *Server) Run(ctx context.Context, listener net.Listener, problems *log.Logger) error {
	server := &http.Server{Handler: s.Handler(), ErrorLog: problems, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// Handler answers requests.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", s.page)
	mux.HandleFunc("/events", s.events)
	mux.HandleFunc("/experiments/{name}", s.page)
	mux.HandleFunc("/experiments/{name}/events", s.events)
	mux.HandleFunc("/reports/{name}/{file...}", s.report)
	mux.HandleFunc("/images/{key}/{file}", s.image)
	return guarded(mux)
}

// framing is what no page may: change where its links lead, send forms, be in a frame.
const framing = "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// policy is what a page may load: its own style and script, images and events. All but
// these are in the page, so that one that was opened works whatever becomes of the server.
var policy = "default-src 'none'; img-src 'self' data:; connect-src 'self'; style-src " + hashed(style) + "; script-src " + hashed(script) + framing

// hashed allows a text in a page.
func hashed(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// reportPolicy holds a report to what its page needs, and makes it a stranger to the
// other pages, whoever wrote it into the store.
const reportPolicy = "sandbox allow-scripts; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'" + framing

// guarded refuses what only a page of somebody else's would ask for, and has browsers
// refuse the rest.
func guarded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		here, _ := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
		header := w.Header()
		header.Set("Content-Security-Policy", policy)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "no-referrer")
		header.Set("Cache-Control", "no-cache")
		switch {
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			header.Set("Allow", "GET, HEAD")
			http.Error(w, "this server only shows: GET and HEAD", http.StatusMethodNotAllowed)
		case here != nil && here.IP.IsLoopback() && !ofLoopback(r.Host):
			http.Error(w, "this server is for its own machine: open it as localhost or 127.0.0.1", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// ofLoopback reports whether a Host header names this machine as only the machine itself
// does. A page whose name was made to lead here (DNS rebinding) sends its own.
func ofLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil { // without a port
		name = strings.Trim(host, "[]")
	}
	return strings.EqualFold(name, "localhost") || net.ParseIP(name).IsLoopback()
}

// types are those of files that are shown. Any other is for saving only: no file in a
// store is to act in a browser but the page of a report.
var types = map[string]string{
	".html": "text/html; charset=utf-8", ".json": "application/json", ".csv": "text/csv; charset=utf-8", ".png": "image/png",
	".md": "text/plain; charset=utf-8", ".tex": "text/plain; charset=utf-8", ".txt": "text/plain; charset=utf-8",
}

// report serves a file of a report.
func (s *Server) report(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Security-Policy", reportPolicy)
	serveFile(w, r, s.Store.Reports(""), r.PathValue("name")+"/"+r.PathValue("file"))
}

// image serves a generated image. What has a key never changes.
func (s *Server) image(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "private, max-age=86400, immutable")
	serveFile(w, r, s.Store.Dir(stage.KindGenerate, ""), r.PathValue("key")+"/images/"+r.PathValue("file"))
}

// serveFile serves a regular file below a folder: never what a name or a link has
// outside, nor a list of files. A pipe is not waited for.
func serveFile(w http.ResponseWriter, r *http.Request, dir, name string) {
	var file *os.File
	root, err := os.OpenRoot(dir)
	if err == nil {
		defer root.Close()
		if err = fs.ErrInvalid; fs.ValidPath(name) { // which has no ..
			file, err = root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		}
	}
	var info fs.FileInfo
	if err == nil {
		defer file.Close()
		info, err = file.Stat()
	}
	if err != nil || !info.Mode().IsRegular() { // also one that may not be read
		w.Header().Set("Cache-Control", "no-cache")
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", cmp.Or(types[path.Ext(name)], "application/octet-stream"))
	http.ServeContent(w, r, "", info.ModTime(), file)
}
