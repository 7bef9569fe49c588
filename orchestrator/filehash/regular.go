package filehash

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// OpenFile opens a file for reading. Without O_NONBLOCK, what was made a pipe
// meanwhile would be waited for.
func OpenFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	return file, Denied(err)
}

// openRegular is OpenFile of what is a file, and not something else that only
// has its name.
func openRegular(path string) (*os.File, error) {
	if what := Irregular(path); what != "" {
		return nil, fmt.Errorf("%s is %s and no file", path, what)
	}
	return OpenFile(path)
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

// Irregular says what a path leads to if that is no regular file, and "" if it is
// one or cannot be looked at.
func Irregular(path string) string {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Lstat(path); err == nil {
			return "a link that leads nowhere"
		}
	}
	if err != nil {
		return ""
	}
	switch mode := info.Mode(); {
	case mode.IsDir():
		return "a folder"
	case mode&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case mode&fs.ModeSocket != 0:
		return "a socket"
	case mode&fs.ModeDevice != 0:
		return "a device"
	}
	return ""
}
