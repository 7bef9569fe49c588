package model

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"kizu/orchestrator/filehash"
)

// hexSHA256 is the form of a hash.
var hexSHA256 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// trainingImages is the file in a base model's folder that lists the images it
// was trained on: columns name, sha256 and, where a model knows what its images
// show in other files too, pixels_sha256 (Picture.Pixels). None of them may be
// tested on.
const trainingImages = "training_images.csv"

// byteOrderMark is what spreadsheets begin a file with.
const byteOrderMark = "\ufeff"

// readSeen reads the hashes in a training_images.csv; none if there is no file.
// Fields may be separated as spreadsheets of any language do.
func readSeen(path string) (map[string]bool, error) {
	if what := filehash.Irregular(path); what != "" {
		return nil, fmt.Errorf("%s is %s and no file", trainingImages, what)
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s is not UTF-8: save it as CSV in UTF-8", trainingImages)
	}
	text = bytes.TrimPrefix(text, []byte(byteOrderMark))
	table := csv.NewReader(bytes.NewReader(text))
	table.Comma = separator(text)
	rows, err := table.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", trainingImages, err)
	}
	if len(rows) == 0 || !slices.Contains(rows[0], "sha256") {
		return nil, fmt.Errorf("%s has no column sha256", trainingImages)
	}
	seen := map[string]bool{}
	for column, head := range rows[0] {
		if head != "sha256" && head != "pixels_sha256" {
			continue
		}
		for i, row := range rows[1:] {
			sum := strings.ToLower(strings.TrimSpace(row[column]))
			if !hexSHA256.MatchString(sum) {
				return nil, fmt.Errorf("%s:%d: %q is not a SHA-256 in hex", trainingImages, i+2, row[column])
			}
			seen[sum] = true
		}
	}
	return seen, nil
}

// separator is what stands between the fields of a table's first line.
func separator(table []byte) rune {
	head, _, _ := bytes.Cut(table, []byte("\n"))
	for _, mark := range []rune{';', '\t'} {
		if bytes.ContainsRune(head, mark) && !bytes.ContainsRune(head, ',') {
			return mark
		}
	}
	return ','
}
