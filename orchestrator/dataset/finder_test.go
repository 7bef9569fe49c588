package dataset

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/filehash/filetest"
)

// TestWhatIsNoFileIsLeftOut: what has an image's name and is something else is
// named, and nothing waits for it.
func TestWhatIsNoFileIsLeftOut(t *testing.T) {
	f := newFolder(t)
	f.picture("good/0.png", 0)
	f.picture("elsewhere.png", 1)
	f.Pipe("good/1.png")
	f.Text("good/2.png/inside.txt", "")
	for from, to := range map[string]string{"3.png": "nowhere", "4.png": "/dev/null", "5.png": "../elsewhere.png", "6.png": "2.png"} {
		if err := os.Symlink(to, f.Path("good/"+from)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(f.Path("good")) // the path of a socket may be no longer than 107 bytes
	socket, err := net.Listen("unix", "7.png")
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	set := scan(t, "folders", f.Root, "good")
	if got := names(set.Images); !slices.Equal(got, []string{"good: good/0.png", "good: good/5.png"}) {
		t.Errorf("images %q", got)
	}
	want := []LeftOut{
		{"good/1.png", "a named pipe", 1}, {"good/2.png", "a folder", 1}, {"good/3.png", "a link that leads nowhere", 1},
		{"good/4.png", "a device", 1}, {"good/6.png", "a folder", 1}, {"good/7.png", "a socket", 1},
	}
	if !slices.Equal(set.LeftOut, want) {
		t.Errorf("left out %v", set.LeftOut)
	}
	for _, name := range []string{"good/1.png", "good/4.png"} { // as when a file becomes one after the scan
		_, err := filehash.File(f.Path(name))
		filetest.Fails(t, err, "and no file")
	}
}

// TestOtherPicturesAreNamed: pictures of a kind that is not read, hidden ones, folders
// in a class's folder and folders of no class are not passed over in silence.
func TestOtherPicturesAreNamed(t *testing.T) {
	f := newFolder(t)
	f.picture("good/0.png", 0)
	f.picture("good/sub/1.png", 1)
	f.picture("scratch/7.png", 7)
	f.picture("scratch/8.png", 8)
	for _, name := range []string{"good/._0.png", "masks_old/README", ".git/HEAD", "LICENSE", "good/2.heic", "good/3.HEIC", "good/4.gif", "good/.5.gif", "good/notes.txt", "good/.thumbnails/6.png"} {
		f.Text(name, "x")
	}
	set := scan(t, "folders", f.Root, "good")
	want := []LeftOut{
		{"good/sub/", TooDeep, 1}, {"good/*.gif", OtherKind, 1}, {"good/*.heic", OtherKind, 2}, {"good/.*", Hidden, 1},
		{"masks_old/", NoClass, 0}, {"scratch/", NoClass, 2},
	}
	if !slices.Equal(set.LeftOut, want) {
		t.Errorf("left out %v", set.LeftOut)
	}
	if got := names(set.Images); !slices.Equal(got, []string{"good: good/0.png"}) {
		t.Errorf("images %q", got)
	}
}

// TestNamesThatAreNotUTF8 could be in no key, table or page.
func TestNamesThatAreNotUTF8(t *testing.T) {
	f := newFolder(t)
	f.picture("good/caf\xe9.png", 0)
	_, err := Scan("folders", f.Root, []string{"good"})
	filetest.Fails(t, err, `class "good": the file name "caf\xe9.png" in `, "is not UTF-8: rename it")
	f.picture("caf\xe9/good/0.png", 0)
	_, err = Scan("folders", f.Path("caf\xe9"), []string{"good"})
	filetest.Fails(t, err, `caf\xe9": its name is not UTF-8: rename it`)
}

// TestFoldersInOtherNormalForms: a folder that macOS named is the class that an
// editor wrote, whichever of them takes "ü" apart.
func TestFoldersInOtherNormalForms(t *testing.T) {
	const composed, apart = "pr\u00fcfung", "pru\u0308fung"
	for class, folder := range map[string]string{composed: apart, apart: composed} {
		f := newFolder(t)
		f.picture("test/"+folder+"/0.png", 0)
		f.picture("test/good/0.png", 1)
		f.picture("train/good/0.png", 2)
		set := scan(t, "mvtec", f.Root, "good", class)
		if got := set.Of(class); len(got) != 1 || got[0].Name != "test/"+folder+"/0.png" {
			t.Errorf("class %q in folder %q: %q", class, folder, names(got))
		}
		_, err := Scan("mvtec", f.Root, []string{"good", "dent"})
		filetest.Fails(t, err, `class "dent": folder `+f.Path("test/dent")+` does not exist; `+f.Path("test")+` has "good", "`+folder+`"`)
	}
}

// TestReadingStops: nothing is read to its end that nobody waits for.
func TestReadingStops(t *testing.T) {
	f := newFolder(t)
	f.Text("good/huge.png", "")
	if err := os.Truncate(f.Path("good/huge.png"), 1<<40); err != nil { // zeros that take no place, hours to hash
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	folder := Folder{Format: "folders", Root: f.Root, Classes: []string{"good"}}
	for name, memory := range map[string]*Memory{"no memory": nil, "a memory": Remember(filepath.Join(f.Root, "hashes.json"))} {
		scanner := Scanner{Memory: memory.Until(ctx)}
		if _, err := scanner.Scan(folder); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := scanner.Inspect(folder); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s, inspected: %v", name, err)
		}
	}
}

// TestUnreadableFolders: what may not be read is said to be that, and is not taken to be
// empty or missing.
func TestUnreadableFolders(t *testing.T) {
	for name, looked := range map[string]func(f folder) error{
		"good": func(f folder) error {
			_, err := LookAround(f.Root)
			return err
		},
		"crack": func(f folder) error {
			_, err := Scan("folders", f.Root, []string{"good", "crack"})
			return err
		},
		"masks/crack": func(f folder) error {
			_, err := Scanner{}.Scan(wanting(f.Folder, "folders", f.Path("masks")))
			return err
		},
		"masks": func(f folder) error {
			_, err := Scanner{}.Scan(wanting(f.Folder, "folders", f.Path("masks/of/defects")))
			return err
		},
	} {
		f := newFolder(t)
		for i, path := range []string{"good/a.png", "crack/b.png", "masks/crack/b.png", "masks/of/defects/crack/b.png"} {
			f.picture(path, i+1)
		}
		f.Shut(name, func() {
			filetest.Fails(t, looked(f), "may not read "+f.Path(name), "chmod ")
		})
	}
}
