// Package predict has a kept classifier look at photos: which files there are, what is
// asked of them, and what stands in a line of the answer.
package predict

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"kizu/orchestrator/dataset"
	"kizu/orchestrator/filehash"
	"kizu/orchestrator/model"
)

// atOnce is how many photos Python is asked about at once: decoded, they are in memory together.
const atOnce = 64

// Photos lists the photos that paths name: a file is one, and of a folder all images in
// it, its subfolders' too, by name. What is not there is listed like a file.
func Photos(paths []string) []string {
	var list []string
	for _, path := range paths {
		var within []string
		_ = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil, file == path && !entry.IsDir():
				within = append(within, file) // reading it says what is wrong
			case entry.IsDir() && file != path && strings.HasPrefix(entry.Name(), "."):
				return fs.SkipDir
			case !entry.IsDir() && dataset.IsImage(entry.Name()):
				within = append(within, file)
			}
			return nil
		})
		list = append(list, within...)
	}
	return list
}

// Answer is what the network says of a photo: probabilities in the order of its classes,
// or why there are none.
type Answer struct {
	Probabilities []float64 `json:"probabilities"`
	Error         string    `json:"error"`
}

// Ask puts files to a network.
type Ask func(ctx context.Context, files []string) ([]Answer, error)

// Job is a classifier, and the score from which on a part is to be sorted out: 1 less the
// probability of the good class. Without one it is what is called by a defect's name.
type Job struct {
	Classifier *model.Classifier
	Threshold  *float64
	Ask        Ask
}

// Record is a line of the answer; without an error it has all the rest.
type Record struct {
	Image         string                 `json:"image"`
	Predicted     string                 `json:"predicted,omitempty"` // the class with the highest probability
	Probabilities map[string]json.Number `json:"probabilities,omitempty"`
	Defective     *bool                  `json:"defective,omitempty"`
	Learnt        *bool                  `json:"learnt,omitempty"` // whether the classifier was trained on the photo
	Error         string                 `json:"error,omitempty"`
}

// Summary counts records.
type Summary struct{ Photos, Defective, Learnt, Errors int }

// Run writes a record for each photo, in order, as they come.
func (j Job) Run(ctx context.Context, photos []string, write func(Record) error) (sum Summary, err error) {
	for some := range slices.Chunk(photos, atOnce) {
		var readable []string
		problems := make([]string, len(some))
		for i, file := range some {
			if what := filehash.Irregular(file); what != "" {
				problems[i] = fmt.Sprintf("%s is %s, and no photo", file, what)
			} else {
				readable = append(readable, file)
			}
		}
		answers, err := j.Ask(ctx, readable)
		if err != nil {
			return sum, err
		}
		if len(answers) != len(readable) {
			return sum, fmt.Errorf("%d answers about %d photos", len(answers), len(readable))
		}
		for i, file := range some {
			answer := Answer{Error: problems[i]}
			if problems[i] == "" {
				answer, answers = answers[0], answers[1:]
			}
			record := j.record(file, answer)
			sum.add(record)
			if err := write(record); err != nil {
				return sum, err
			}
		}
	}
	return sum, nil
}

func (j Job) record(file string, answer Answer) Record {
	if answer.Error != "" {
		return Record{Image: file, Error: answer.Error}
	}
	record := Record{Image: file, Probabilities: map[string]json.Number{}}
	best := 0
	for i, p := range answer.Probabilities {
		record.Probabilities[j.Classifier.Classes[i]] = json.Number(strconv.FormatFloat(p, 'f', 6, 64))
		if p > answer.Probabilities[best] {
			best = i
		}
	}
	record.Predicted = j.Classifier.Classes[best]
	defective, learnt := best != 0, false
	if j.Threshold != nil {
		defective = 1-answer.Probabilities[0] >= *j.Threshold
	}
	if sum, err := filehash.File(file); err == nil {
		learnt = slices.Contains(j.Classifier.TrainedOn, sum)
	}
	record.Defective, record.Learnt = &defective, &learnt
	return record
}

func (s *Summary) add(r Record) {
	s.Photos++
	switch {
	case r.Error != "":
		s.Errors++
		return
	case *r.Defective:
		s.Defective++
	}
	if *r.Learnt {
		s.Learnt++
	}
}

// CSV writes records as a table with a head.
func CSV(out io.Writer, classes []string) (func(Record) error, error) {
	w := csv.NewWriter(out)
	head := []string{"image", "predicted"}
	for _, class := range classes {
		head = append(head, "p_"+class)
	}
	err := w.Write(append(head, "defective", "learnt", "error"))
	return func(r Record) error {
		row := []string{r.Image, r.Predicted}
		for _, class := range classes {
			row = append(row, r.Probabilities[class].String())
		}
		if err := w.Write(append(row, yes(r.Defective), yes(r.Learnt), r.Error)); err != nil {
			return err
		}
		w.Flush()
		return w.Error()
	}, err
}

func yes(is *bool) string {
	switch {
	case is == nil:
		return ""
	case *is:
		return "yes"
	}
	return "no"
}

// JSONLines writes records as an object a line.
func JSONLines(out io.Writer) func(Record) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return func(r Record) error { return encoder.Encode(r) }
}
