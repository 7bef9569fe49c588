package command_test

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/testscript" // runs the program as a user does; BSD

	"kizu/orchestrator/command"
	"kizu/orchestrator/dataset/datasettest"
	"kizu/orchestrator/execute/progress"
)

// TestMain makes the program itself a command of the scripts; its workers are
// real too, and embed the Python of the project's virtual environment.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"kizu": func() { os.Exit(command.Run(os.Args[1:], os.Stdout, os.Stderr)) },
	})
}

func TestScripts(t *testing.T) { runScripts(t, "testdata/script") }

func runScripts(t *testing.T, dir string) {
	home, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: dir,
		Setup: func(env *testscript.Env) error {
			env.Setenv("KIZU_HOME", home)
			env.Setenv("KIZU_DEVICES", "cpu")
			env.Setenv("HF_HUB_OFFLINE", "1")
			env.Setenv("OMP_NUM_THREADS", "1")
			env.Defer(func() {
				if err := groupsHeld(env.WorkDir, progress.FaultCause); err != nil {
					env.T().Fatal(err)
				}
			})
			return nil
		},
		Condition: func(condition string) (bool, error) {
			if condition != "tmpfs" {
				return false, fmt.Errorf("unknown condition %q", condition)
			}
			return mountTmpfs(t.TempDir(), "64k") == nil, nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"photos":    photos,
			"hazelnut":  hazelnut,
			"mirror":    mirror,
			"dry":       dry,
			"truncate":  truncate,
			"artifacts": artifacts,
			"killwhen":  killWhen,
			"until":     until,
			"flip":      flip,
			"once":      once,
			"modes":     modes,
			"together":  inGroups,
			"stopped":   stopped,
			"tmpfs":     tmpfs,
			"hub":       hub,
			"refusing":  refusing,
			"screenful": screenful,
			"says":      says,
		},
	})
}

// photos DIR N writes N different small pictures.
func photos(ts *testscript.TestScript, _ bool, args []string) {
	dir := ts.MkAbs(args[0])
	n, err := strconv.Atoi(args[1])
	ts.Check(err)
	ts.Check(os.MkdirAll(dir, 0o755))
	for i := range n {
		file, err := os.Create(filepath.Join(dir, fmt.Sprintf("%03d.png", i)))
		ts.Check(err)
		ts.Check(png.Encode(file, picture(args[0], i)))
		ts.Check(file.Close())
	}
}

// says PATTERN makes sure that the last command printed what a pattern is of, in however
// many lines.
func says(ts *testscript.TestScript, _ bool, args []string) {
	text := strings.Join(strings.Fields(ts.ReadFile("stdout")), " ")
	if !regexp.MustCompile(args[0]).MatchString(text) {
		ts.Fatalf("%s is not in %s", args[0], text)
	}
}

// screenful LINES COLUMNS makes sure that what the last command printed fits a screen.
func screenful(ts *testscript.TestScript, _ bool, args []string) {
	lines, err := strconv.Atoi(args[0])
	ts.Check(err)
	columns, err := strconv.Atoi(args[1])
	ts.Check(err)
	text := strings.Split(strings.TrimRight(ts.ReadFile("stdout"), "\n"), "\n")
	if len(text) > lines {
		ts.Fatalf("%d lines", len(text))
	}
	for _, line := range text {
		line = strings.ReplaceAll(line, ts.Getenv("WORK"), "/data") // of no user's length
		line = strings.ReplaceAll(line, ts.Getenv("KIZU_HOME"), "/opt/kizu")
		if n := utf8.RuneCountInString(line); n > columns {
			ts.Fatalf("%d columns: %s", n, line)
		}
	}
}

// hazelnut DIR makes DIR/hazelnut with MVTec AD's layout and counts.
func hazelnut(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(datasettest.WriteHazelnut(ts.MkAbs(args[0]), 64))
}

// mirror FROM TO writes a photo mirrored and as a JPEG.
func mirror(ts *testscript.TestScript, _ bool, args []string) {
	file, err := os.Open(ts.MkAbs(args[0]))
	ts.Check(err)
	img, err := png.Decode(file)
	ts.Check(errors.Join(err, file.Close()))
	bounds := img.Bounds()
	mirrored := image.NewRGBA(bounds)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			mirrored.Set(bounds.Max.X-1-x, y, img.At(x, y))
		}
	}
	file, err = os.Create(ts.MkAbs(args[1]))
	ts.Check(err)
	ts.Check(jpeg.Encode(file, mirrored, nil))
	ts.Check(file.Close())
}

// picture is 64×64 pixels of noise around a shade, different for each seed.
func picture(name string, i int) image.Image {
	seed := uint64(i)
	for _, r := range name {
		seed = seed*31 + uint64(r)
	}
	random := rand.New(rand.NewPCG(seed, 0))
	img := image.NewGray(image.Rect(0, 0, 64, 64))
	for y := range 64 {
		for x := range 64 {
			img.SetGray(x, y, color.Gray{Y: uint8(60 + seed%100 + random.Uint64()%60)})
		}
	}
	return img
}

// truncate FILE cuts a file in half.
func truncate(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()/2))
}
