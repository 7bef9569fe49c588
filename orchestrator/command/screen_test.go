package command

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"kizu/orchestrator/report/table"
)

// terminal opens a pseudo terminal of so many columns (pty(7)).
func terminal(t *testing.T, columns uint16) *os.File {
	t.Helper()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	check(err)
	t.Cleanup(func() { master.Close() })
	fd := int(master.Fd())
	check(unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	check(unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	check(err)
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	check(err)
	t.Cleanup(func() { slave.Close() })
	return slave
}

// Colour is for terminals that have it and people who want it.
func TestScreen(t *testing.T) {
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	wide := terminal(t, 132)
	for _, test := range []struct {
		name, term, noColor string
		out                 *os.File
		want                table.Screen
	}{
		{"terminal", "xterm-256color", "", wide, table.Screen{Width: 132, Colour: true}},
		{"NO_COLOR", "xterm-256color", "1", wide, table.Screen{Width: 132}},
		{"dumb terminal", "dumb", "", wide, table.Screen{Width: 100}},
		{"file", "xterm-256color", "", file, table.Screen{Width: 100}},
	} {
		t.Setenv("TERM", test.term)
		t.Setenv("NO_COLOR", test.noColor)
		if got := screenOf(test.out); got != test.want {
			t.Errorf("%s: %+v, want %+v", test.name, got, test.want)
		}
	}
}
