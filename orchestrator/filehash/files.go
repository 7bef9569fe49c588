package filehash

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sync/errgroup" // bounded parallel hashing; Go project, BSD
)

// Files hashes files, a few at a time. Each has its SHA-256 or an error.
func (h *Hashes) Files(paths []string) (sums []string, problems []error) {
	var group errgroup.Group
	group.SetLimit(2 * runtime.NumCPU())
	sums, problems = make([]string, len(paths)), make([]error, len(paths))
	for i := range paths {
		group.Go(func() error {
			sums[i], problems[i] = h.File(paths[i])
			return nil
		})
	}
	_ = group.Wait()
	return sums, problems
}

// Folder hashes those files of a folder and the folders in it that count, by name and content.
func (h *Hashes) Folder(dir string, counts func(name string) bool) (string, error) {
	hash := sha256.New()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		if entry.Type()&fs.ModeSymlink != 0 {
			if info, err := os.Stat(path); err == nil && info.IsDir() {
				return fmt.Errorf("%s is a link to a folder, and those are not hashed: put the folder itself there", path)
			}
		}
		if !counts(entry.Name()) {
			return nil
		}
		sum, err := h.File(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		fmt.Fprintf(hash, "%s\x00%s\n", filepath.ToSlash(name), sum)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}

// File returns the SHA-256 of a file's bytes, in hex.
func File(path string) (string, error) { return hashFile(context.Background(), path) }

// hashFile stops when ctx does: a model of 25 GB takes a while.
func hashFile(ctx context.Context, path string) (string, error) {
	file, err := openRegular(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	if _, err := io.Copy(hash, interruptible{ctx, file}); err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// interruptible is a reader that fails once its context has ended.
type interruptible struct {
	ctx  context.Context
	from io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.from.Read(p)
}
