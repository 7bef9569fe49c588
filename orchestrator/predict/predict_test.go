package predict

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/filehash"
	"kizu/orchestrator/model"
)

func write(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPhotos: folders give their images by name, whatever is given alone is taken as it is,
// and hidden folders are left out, unless they were asked for.
func TestPhotos(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "b/2.PNG", "b/1.jpg", "b/notes.txt", "b/.cache/3.png", "b/deep/4.webp", "c.dat")
	in := func(names ...string) (list []string) {
		for _, name := range names {
			list = append(list, filepath.Join(dir, name))
		}
		return list
	}
	for _, test := range []struct{ given, want []string }{
		{in("b"), in("b/1.jpg", "b/2.PNG", "b/deep/4.webp")},
		{in("c.dat", "missing.png"), in("c.dat", "missing.png")},
		{in("b/.cache"), in("b/.cache/3.png")},
		{in("b/deep", "b/1.jpg"), in("b/deep/4.webp", "b/1.jpg")},
	} {
		if got := Photos(test.given); !slices.Equal(got, test.want) {
			t.Errorf("%v: %v", test.given, got)
		}
	}
}

// TestRun: every photo has its line in order, in chunks, with the threshold that counts.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "learnt.png")
	learnt := filepath.Join(dir, "learnt.png")
	sum, err := filehash.File(learnt)
	if err != nil {
		t.Fatal(err)
	}
	photos := []string{learnt}
	for i := range 2 * atOnce {
		photos = append(photos, fmt.Sprintf("%d.png", i))
	}
	job := Job{Classifier: &model.Classifier{Classes: []string{"good", "crack"}, TrainedOn: []string{sum}}}
	job.Ask = func(_ context.Context, files []string) (list []Answer, err error) {
		if len(files) > atOnce {
			t.Errorf("%d photos at once", len(files))
		}
		for _, file := range files {
			switch {
			case file == "3.png":
				list = append(list, Answer{Error: "3.png is broken"})
			case strings.HasPrefix(file, "5"):
				list = append(list, Answer{Probabilities: []float64{0.4, 0.6}})
			default:
				list = append(list, Answer{Probabilities: []float64{0.7, 0.3}})
			}
		}
		return list, nil
	}
	low := 0.3
	for _, test := range []struct {
		threshold *float64
		defective int
	}{{nil, 11}, {&low, 128}} {
		var out bytes.Buffer
		write, err := CSV(&out, job.Classifier.Classes)
		if err != nil {
			t.Fatal(err)
		}
		job.Threshold = test.threshold
		sum, err := job.Run(t.Context(), photos, write)
		if want := (Summary{Photos: 129, Defective: test.defective, Learnt: 1, Errors: 1}); err != nil || sum != want {
			t.Errorf("%+v, %v", sum, err)
		}
		lines := strings.Split(out.String(), "\n")
		yes := map[bool]string{true: "yes", false: "no"}[test.threshold != nil]
		for i, want := range map[int]string{
			0: "image,predicted,p_good,p_crack,defective,learnt,error",
			1: learnt + ",good,0.700000,0.300000," + yes + ",yes,",
			5: "3.png,,,,,,3.png is broken",
			7: "5.png,crack,0.400000,0.600000,yes,no,",
		} {
			if lines[i] != want {
				t.Errorf("line %d is %q, want %q", i+1, lines[i], want)
			}
		}
	}
	var out bytes.Buffer
	if _, err := job.Run(t.Context(), photos[4:5], JSONLines(&out)); err != nil || out.String() != `{"image":"3.png","error":"3.png is broken"}`+"\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// TestTooFewAnswers: photos and answers are never told apart by guessing.
func TestTooFewAnswers(t *testing.T) {
	job := Job{Ask: func(context.Context, []string) ([]Answer, error) { return nil, nil }}
	if _, err := job.Run(t.Context(), []string{"a.png"}, func(Record) error { return nil }); err == nil {
		t.Error("no error")
	}
}
