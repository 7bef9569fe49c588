package model

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"

	"kizu/orchestrator/csvfile"
)

// hexSHA256 is the form of a hash.
var hexSHA256 = regexp.MustCompile(`^[0-9a-f]{64}$`)

// trainingImages is the file in a base model's folder that lists the images it
// was trained on: columns name, sha256 and, where a model knows what its images
// show in other files too, pixels_sha256 (Picture.Pixels). None of them may be
// tested on.
const trainingImages = "training_images.csv"

// readSeen reads the hashes in a training_images.csv; none if there is no file.
func readSeen(path string) (map[string]bool, error) {
	table, err := csvfile.Read(path, "sha256")
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, row := range table.Rows {
		for _, column := range []string{"sha256", "pixels_sha256"} {
			if !table.Has(column) {
				continue
			}
			sum := strings.ToLower(row.Field(column))
			if !hexSHA256.MatchString(sum) {
				return nil, row.Wrong("%q is not a SHA-256 in hex", row.Field(column))
			}
			seen[sum] = true
		}
	}
	return seen, nil
}
