//go:build cgo

package pyembed_test

import (
	"bytes"
	"context"
	"runtime"
	"testing"
	"unsafe"

	"kizu/pyembed"
)

func TestPythonSeesGoMemoryItself(t *testing.T) {
	memory := make([]byte, 100)
	var address uint64
	if err := python(t).Call(context.Background(), "stage.address", pyembed.Buffer(memory), &address); err != nil {
		t.Fatal(err)
	}
	if want := uint64(uintptr(unsafe.Pointer(&memory[0]))); address != want {
		t.Errorf("Python sees a copy at %#x, not %#x", address, want)
	}
}

func TestPythonWritesToABufferOnly(t *testing.T) {
	memory := make([]byte, 3)
	if err := python(t).Call(context.Background(), "stage.write", pyembed.Buffer(memory), nil); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(memory, []byte{0, 1, 2}) {
		t.Errorf("Python wrote %v", memory)
	}
	err := python(t).Call(context.Background(), "stage.write", make([]byte, 3), nil)
	if err == nil || err.Error() != "TypeError: cannot modify read-only memory" {
		t.Errorf("writing to a []byte: %v", err)
	}
}

// Python may keep a memoryview for as long as it likes, and so keeps the memory.
func TestMemoryLivesAsLongAsPythonSeesIt(t *testing.T) {
	ctx := context.Background()
	freed := make(chan struct{})
	lend := func() {
		memory := bytes.Repeat([]byte("kizu"), 1<<16)
		runtime.AddCleanup(&memory[0], func(c chan struct{}) { close(c) }, freed)
		if err := python(t).Call(ctx, "stage.keep", memory, nil); err != nil {
			t.Fatal(err)
		}
	}
	lend()
	for range 3 {
		runtime.GC()
	}
	var read []byte
	if err := python(t).Call(ctx, "stage.read_kept", pyembed.Args{}, &read); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read, bytes.Repeat([]byte("kizu"), 1<<16)) {
		t.Error("the memory changed under Python")
	}
	if err := python(t).Call(ctx, "stage.keep", nil, nil); err != nil {
		t.Fatal(err)
	}
	for {
		runtime.GC()
		select {
		case <-freed:
			return
		case <-t.Context().Done():
			t.Fatal("the memory is never freed")
		default:
		}
	}
}
