package serve

import (
	"cmp"
	"io/fs"
	"net/http"
	"os"
	"path"
	"syscall"

	"kizu/orchestrator/stage"
)

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
