package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sync/errgroup" // bounded parallel hashing; Go project, BSD
)

// all fills in every image's SHA-256, reading a few files at a time, and
// returns each image's error.
func (h *Hashes) all(images []Image) []error {
	var group errgroup.Group
	group.SetLimit(2 * runtime.NumCPU())
	problems := make([]error, len(images))
	for i := range images {
		group.Go(func() error {
			images[i].SHA256, problems[i] = h.File(images[i].Path)
			return nil
		})
	}
	_ = group.Wait()
	return problems
}

// HashFile returns the SHA-256 of a file's bytes, in hex.
func HashFile(path string) (string, error) { return hashFile(context.Background(), path) }

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

// openFile opens a file for reading. Without O_NONBLOCK, what was made a pipe
// meanwhile would be waited for.
func openFile(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
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

// openRegular is openFile of what is a file, and not something else that only
// has its name.
func openRegular(path string) (*os.File, error) {
	if what := notAFile(path); what != "" {
		return nil, fmt.Errorf("%s is %s and no file", path, what)
	}
	return openFile(path)
}

// ReadRegular reads a file; nothing waits for a pipe.
func ReadRegular(path string) ([]byte, error) {
	file, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(file)
}
