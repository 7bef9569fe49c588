package store

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// childEnv makes this test binary another process that uses a store.
const childEnv = "KIZU_STORE_TEST_CHILD"

// children are what such a process does; it says "ready" when it got there.
var children = map[string]func(s *Store) error{
	// lock holds the lock of an experiment until it is killed.
	"lock": func(s *Store) error {
		if _, err := s.LockRun(context.Background(), "quick", 0); err != nil {
			return err
		}
		fmt.Println("ready")
		select {}
	},
	// lease holds a task by a lease that it renews fast.
	"lease": func(s *Store) error {
		s.leases, s.timing = true, hurried
		if _, err := s.Claim("generate", someKey); err != nil {
			return err
		}
		fmt.Println("ready")
		select {}
	},
	// half writes one of two files and gets no further.
	"half": func(s *Store) error {
		g, err := s.Begin("generate", someKey)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(g.Dir(), "a.png"), []byte("half a pic"), 0o644); err != nil {
			return err
		}
		fmt.Println("ready")
		select {}
	},
	// busy commits one artifact after the other.
	"busy": func(s *Store) error {
		fmt.Println("ready")
		for i := 0; ; i++ {
			g, err := s.Begin("generate", fmt.Sprintf("%064d", i))
			if err != nil {
				return err
			}
			for j := range 3 {
				if err := os.WriteFile(filepath.Join(g.Dir(), fmt.Sprint(j)), make([]byte, 1000*j), 0o644); err != nil {
					return err
				}
			}
			if err := g.Commit(&Manifest{Kind: "generate", Key: fmt.Sprintf("%064d", i)}); err != nil {
				return err
			}
		}
	},
	// full finds the disk full when it writes the manifest. A limit on the size
	// of files stands in for the end of the disk.
	"full": func(s *Store) error {
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 200, Max: 200}); err != nil {
			return err
		}
		g, err := s.Begin("generate", someKey)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(g.Dir(), "small.txt"), []byte("fits"), 0o644); err != nil {
			return err
		}
		return g.Commit(&Manifest{Kind: "generate", Key: someKey, Device: strings.Repeat("long ", 100)})
	},
	// nobody is a user who may not write into the store.
	"nobody": func(s *Store) error {
		if os.Geteuid() == 0 {
			if err := syscall.Setuid(65534); err != nil {
				return err
			}
		}
		_, err := s.Begin("generate", someKey)
		return err
	},
}

func TestMain(m *testing.M) {
	what, root, isChild := strings.Cut(os.Getenv(childEnv), " ")
	if !isChild {
		os.Exit(m.Run())
	}
	s, err := Open(root)
	if err == nil {
		err = children[what](s)
	}
	fmt.Println(err)
	os.Exit(1)
}

// start runs a child on a store until it says "ready" or ends.
func start(t *testing.T, s *Store, what string) (cmd *exec.Cmd, said string) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+what+" "+s.Root())
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { kill(cmd) })
	said, err = bufio.NewReader(output).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	return cmd, strings.TrimSpace(said)
}

// kill ends a child as kill -9 does, and waits until it is gone.
func kill(cmd *exec.Cmd) {
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
}
