package dataset

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"kizu/orchestrator/csvfile"
)

// mvtec reads the layout of MVTec AD (Bergmann et al., CVPR 2019): train/good,
// test/good and test/<defect>.
func (f *finder) mvtec(classes []string) error {
	if err := f.list("train/"+classes[0], classes[0], TrainingOnly); err != nil {
		return err
	}
	for i, class := range classes {
		split := Pooled
		if i == 0 {
			split = TestingOnly
		}
		if err := f.list("test/"+class, class, split); err != nil {
			return err
		}
	}
	f.leaveOutOthers("test")
	f.leaveOutOthers("train")
	f.leaveOutOthers("") // such as MVTec LOCO AD's validation
	return nil
}

// folders reads one folder a class.
func (f *finder) folders(classes []string) error {
	for _, class := range classes {
		if err := f.list(class, class, Pooled); err != nil {
			return err
		}
	}
	f.leaveOutOthers("")
	return nil
}

// The classes of the elpv layout: a cell's defect probability, as experts gave
// it, is 0, 1/3, 2/3 or 1; the uncertain ones belong to no class.
const (
	elpvFunctional = "functional"
	elpvDefective  = "defective" // followed by the variety: "defective mono"
)

// elpv reads the elpv-dataset (Buerhop-Lutz et al., 2018; Deitsch et al.,
// 2019): labels.csv beside or above images/, with a file, its probability of a
// defect and its kind of cell (mono or poly) on every line.
func (f *finder) elpv(classes []string) error {
	known := []string{elpvFunctional, elpvDefective + " mono", elpvDefective + " poly"}
	for _, class := range classes {
		if !slices.Contains(known, class) {
			return ofClass(class, fmt.Errorf("the elpv format has the classes %s", strings.Join(known, ", ")))
		}
	}
	labels := filepath.Join(f.root, "labels.csv")
	file, err := os.Open(labels)
	if err != nil {
		return fmt.Errorf("dataset folder %s is not elpv-dataset's: %w", f.root, err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for number := 1; lines.Scan(); number++ {
		fields := strings.Fields(strings.TrimPrefix(lines.Text(), csvfile.ByteOrderMark))
		if len(fields) == 0 {
			continue
		}
		img, err := f.elpvImage(fields)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", labels, number, err)
		}
		if slices.Contains(classes, img.Class) {
			f.add(img)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w", labels, err)
	}
	return nil
}

func (f *finder) elpvImage(fields []string) (Image, error) {
	if len(fields) != 3 {
		return Image{}, fmt.Errorf("want a file, a probability and a kind of cell, got %d fields", len(fields))
	}
	name, variety := fields[0], fields[2]
	if !utf8.ValidString(name) {
		return Image{}, fmt.Errorf("the file name %q is not UTF-8", name)
	}
	if !filepath.IsLocal(name) {
		return Image{}, fmt.Errorf("file %q lies outside the dataset's folder", name)
	}
	probability, err := strconv.ParseFloat(fields[1], 64)
	if err != nil || !(probability >= 0 && probability <= 1) {
		return Image{}, fmt.Errorf("probability %q is not a number from 0 to 1", fields[1])
	}
	if variety != "mono" && variety != "poly" {
		return Image{}, fmt.Errorf("kind of cell %q is neither mono nor poly", variety)
	}
	class := ""
	switch probability {
	case 0:
		class = elpvFunctional
	case 1:
		class = elpvDefective + " " + variety
	}
	if there, err := resolve(f.root, filepath.ToSlash(name)); err == nil {
		name = there // or else reading it says what is wrong
	}
	return Image{Name: filepath.ToSlash(name), Path: filepath.Join(f.root, name), Class: class, Variety: variety}, nil
}
