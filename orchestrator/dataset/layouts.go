package dataset

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// scanMVTec reads the layout of MVTec AD (Bergmann et al., CVPR 2019):
// train/good, test/good and test/<defect>. Masks in ground_truth are not read.
func scanMVTec(root string, classes []string) ([]Image, error) {
	images, err := list(nil, root, filepath.Join("train", classes[0]), classes[0], TrainingOnly)
	if err != nil {
		return nil, err
	}
	for i, class := range classes {
		split := Pooled
		if i == 0 {
			split = TestingOnly
		}
		if images, err = list(images, root, filepath.Join("test", class), class, split); err != nil {
			return nil, err
		}
	}
	return images, nil
}

// scanFolders reads one folder a class.
func scanFolders(root string, classes []string) ([]Image, error) {
	var images []Image
	for _, class := range classes {
		var err error
		if images, err = list(images, root, class, class, Pooled); err != nil {
			return nil, err
		}
	}
	return images, nil
}

// The classes of the elpv layout: a cell's defect probability, as experts gave
// it, is 0, 1/3, 2/3 or 1; the uncertain ones belong to no class.
const (
	elpvFunctional = "functional"
	elpvDefective  = "defective" // followed by the group: "defective mono"
)

// scanELPV reads the elpv-dataset (Buerhop-Lutz et al., 2018; Deitsch et al.,
// 2019): labels.csv beside or above images/, with a file, its probability of a
// defect and its kind of cell (mono or poly) on every line.
func scanELPV(root string, classes []string) ([]Image, error) {
	known := []string{elpvFunctional, elpvDefective + " mono", elpvDefective + " poly"}
	for _, class := range classes {
		if !slices.Contains(known, class) {
			return nil, fmt.Errorf("class %q: the elpv format has the classes %s", class, strings.Join(known, ", "))
		}
	}
	labels := filepath.Join(root, "labels.csv")
	file, err := os.Open(labels)
	if err != nil {
		return nil, fmt.Errorf("dataset folder %s is not elpv-dataset's: %w", root, err)
	}
	defer file.Close()
	var images []Image
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		fields := strings.Fields(lines.Text())
		if len(fields) == 0 {
			continue
		}
		img, err := elpvImage(root, fields)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", labels, number, err)
		}
		if slices.Contains(classes, img.Class) {
			images = append(images, img)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", labels, err)
	}
	return images, nil
}

func elpvImage(root string, fields []string) (Image, error) {
	if len(fields) != 3 {
		return Image{}, fmt.Errorf("want a file, a probability and a kind of cell, got %d fields", len(fields))
	}
	name, group := fields[0], fields[2]
	if !filepath.IsLocal(name) {
		return Image{}, fmt.Errorf("file %q lies outside the dataset's folder", name)
	}
	probability, err := strconv.ParseFloat(fields[1], 64)
	if err != nil || !(probability >= 0 && probability <= 1) {
		return Image{}, fmt.Errorf("probability %q is not a number from 0 to 1", fields[1])
	}
	if group != "mono" && group != "poly" {
		return Image{}, fmt.Errorf("kind of cell %q is neither mono nor poly", group)
	}
	class := ""
	switch probability {
	case 0:
		class = elpvFunctional
	case 1:
		class = elpvDefective + " " + group
	}
	return Image{Name: filepath.ToSlash(name), Path: filepath.Join(root, name), Class: class, Group: group}, nil
}
