package filehash

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

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
