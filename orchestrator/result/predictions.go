// Package result turns the predictions of classifiers into metrics: accuracy
// with its interval, recall, precision, F1, and their spread over seeds. It is
// pure: it reads tables and computes. Every formula names its source, and the
// tests hold it to published values or to statsmodels and scikit-learn.
package result

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Predictions is what one classifier, or one detector, said of every test image.
type Predictions struct {
	Classes []string // in the classifier's order
	Images  []Prediction
	Scored  bool // by a detector, which tells no class

	// Threshold is the score from which on an inspection sorts an image out, chosen without
	// test images; nil where it sorts out what is not answered with the good class.
	Threshold *float64
}

// Prediction is what a classifier said of one image.
type Prediction struct {
	Image         string // its name in the dataset
	Label         int    // its true class, an index into Classes
	Predicted     int    // the class it was taken for
	Probabilities []float64
	Score         float64 // a detector's, in place of these two
}

// Score is how defective an image was said to be: by a classifier 1 less the probability of
// the good class, by a detector a number of its own scale.
func (p *Predictions) Score(image, good int) float64 {
	if p.Scored {
		return p.Images[image].Score
	}
	return 1 - p.Images[image].Probabilities[good]
}

// probabilityPrefix begins the name of a class's column of probabilities.
const probabilityPrefix = "p_"

// ReadPredictions reads a predictions.csv: columns image, label and predicted, then p_<class> for
// every class in the classifier's order. An error names the line.
func ReadPredictions(r io.Reader) (*Predictions, error) {
	table := csv.NewReader(r)
	header, err := table.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("predictions: the file is empty")
	} else if err != nil {
		return nil, fmt.Errorf("predictions: %w", err)
	}
	classes, err := classesOf(header)
	if err != nil {
		return nil, err
	}
	p := &Predictions{Classes: classes}
	return p, p.read(table, p.parse)
}

// ReadScores reads a detector's predictions.csv: columns image, label and score. classes are
// those that a label may be.
func ReadScores(r io.Reader, classes []string) (*Predictions, error) {
	table := csv.NewReader(r)
	header, err := table.Read()
	if err != nil || !slices.Equal(header, []string{"image", "label", "score"}) {
		return nil, fmt.Errorf("predictions: the columns are %q; want image,label,score", header)
	}
	p := &Predictions{Classes: classes, Scored: true}
	return p, p.read(table, func(row []string) (Prediction, error) {
		score, err := strconv.ParseFloat(row[2], 64)
		if err != nil || math.IsNaN(score) || math.IsInf(score, 0) {
			return Prediction{}, fmt.Errorf("%q is no score", row[2])
		}
		label := slices.Index(classes, row[1])
		if label < 0 {
			return Prediction{}, fmt.Errorf("%q is none of the classes %q", row[1], classes)
		}
		return Prediction{Image: row[0], Label: label, Score: score}, nil
	})
}

// read reads the rows of a table, each of another image.
func (p *Predictions) read(table *csv.Reader, parse func(row []string) (Prediction, error)) error {
	seen := map[string]bool{}
	for {
		row, err := table.Read()
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("predictions: %w", err)
		}
		prediction, err := parse(row)
		if err == nil && seen[prediction.Image] {
			err = fmt.Errorf("image %q stands there twice", prediction.Image)
		}
		if err != nil {
			line, _ := table.FieldPos(0)
			return fmt.Errorf("predictions, line %d: %w", line, err)
		}
		seen[prediction.Image] = true
		p.Images = append(p.Images, prediction)
	}
}

// classesOf takes the classes from a header.
func classesOf(header []string) ([]string, error) {
	want := []string{"image", "label", "predicted"}
	if len(header) < len(want)+1 || !slices.Equal(header[:len(want)], want) {
		return nil, fmt.Errorf("predictions: the columns are %q; want image,label,predicted,p_<class>…", header)
	}
	var classes []string
	for _, column := range header[len(want):] {
		class, ok := strings.CutPrefix(column, probabilityPrefix)
		if !ok || slices.Contains(classes, class) {
			return nil, fmt.Errorf("predictions: column %q is not p_<class> of another class", column)
		}
		classes = append(classes, class)
	}
	return classes, nil
}

// parse reads one row; the CSV reader has seen to its length.
func (p *Predictions) parse(row []string) (Prediction, error) {
	prediction := Prediction{Image: row[0]}
	for i, index := range []*int{&prediction.Label, &prediction.Predicted} {
		name := row[1+i]
		if *index = slices.Index(p.Classes, name); *index < 0 {
			return prediction, fmt.Errorf("%q is none of the classes %q", name, p.Classes)
		}
	}
	for _, text := range row[3:] {
		value, err := strconv.ParseFloat(text, 64)
		if err != nil || !(value >= 0 && value <= 1) {
			return prediction, fmt.Errorf("%q is no probability", text)
		}
		prediction.Probabilities = append(prediction.Probabilities, value)
	}
	return prediction, nil
}
