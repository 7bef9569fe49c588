package filehash

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// OpenFile opens a file for reading. Without O_NONBLOCK, what was made a pipe
// meanwhile would be waited for.
func OpenFile(path string) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	return file, Denied(err)
}

// openRegular is OpenFile of what is a file, and not something else that only has its name.
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

// Denied makes an error that is a lack of permission say who may not read what, and how
// that is changed. Other errors stay as they are.
func Denied(err error) error {
	var failed *fs.PathError
	if !errors.Is(err, fs.ErrPermission) || !errors.As(err, &failed) {
		return err
	}
	shut, _ := filepath.Abs(failed.Path)
	info, statErr := os.Stat(shut)
	rights := "r"
	for statErr != nil && shut != filepath.Dir(shut) { // then it is a folder above that cannot be entered
		shut = filepath.Dir(shut)
		info, statErr = os.Stat(shut)
	}
	if statErr == nil && info.IsDir() {
		rights = "rx"
	}
	how := fmt.Sprintf("chmod u+%s %s", rights, shut)
	if owner, known := ownerOf(info); known && owner != os.Geteuid() {
		how = fmt.Sprintf("%s can change that by chmod a+%s %s", nameOf(owner), rights, shut)
	}
	return &deniedError{fmt.Sprintf("user %s may not read %s: %s", nameOf(os.Geteuid()), shut, how), err}
}

// deniedError is a lack of permission in words.
type deniedError struct {
	text string
	err  error
}

func (e *deniedError) Error() string { return e.text }
func (e *deniedError) Unwrap() error { return e.err }

func ownerOf(info fs.FileInfo) (uid int, known bool) {
	if info == nil {
		return 0, false
	}
	stat, known := info.Sys().(*syscall.Stat_t)
	if !known {
		return 0, false
	}
	return int(stat.Uid), true
}

// nameOf is a user's name, or else number.
func nameOf(uid int) string {
	if known, err := user.LookupId(strconv.Itoa(uid)); err == nil {
		return known.Username
	}
	return strconv.Itoa(uid)
}

// ReadDir lists a folder, as os.ReadDir does; see Denied.
func ReadDir(path string) ([]os.DirEntry, error) {
	entries, err := os.ReadDir(path)
	return entries, Denied(err)
}
