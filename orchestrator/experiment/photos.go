package experiment

import (
	"reflect"
	"regexp"

	"github.com/goccy/go-yaml/ast"
)

// Parts says how a dataset tells which photos show one physical part: by a table, by their names,
// or by folders. Its zero value is that every photo shows a part of its own.
type Parts struct {
	Folder  bool   // each folder inside that of a class is a part
	File    string // a CSV with the columns file and part
	Pattern string `yaml:"pattern"` // the first group names the part in a photo's path below the root
}

// partsFolder is the word for Parts.Folder; a file of that name is written ./folder.
const partsFolder = "folder"

// written writes parts as a file has them.
func (p Parts) written() string {
	switch {
	case p.Folder:
		return partsFolder
	case p.Pattern != "":
		return "pattern " + p.Pattern
	}
	return p.File
}

// Given reports whether the file says what parts there are.
func (p Parts) Given() bool { return p != Parts{} }

// decodeParts reads folder, the name of a file, or a mapping with a pattern.
func (d *decoder) decodeParts(node ast.Node, path string, into *Parts) error {
	if text, _, ok := scalar(node); ok {
		*into = Parts{Folder: text == partsFolder, File: text}
		if into.Folder {
			into.File = ""
		}
		return nil
	}
	*into = Parts{}
	err := d.decodeStruct(node, path, reflect.ValueOf(into).Elem())
	if err == nil && !into.Given() {
		err = faultAt(node, "parts is empty: folder, a CSV file, or {pattern: '…(…)…'}")
	}
	return err
}

func (p Parts) check(c *checker) {
	if p.Pattern == "" {
		return
	}
	pattern, err := regexp.Compile(p.Pattern)
	c.require(err == nil, "dataset.parts.pattern", "%v", err)
	c.require(err != nil || pattern.NumSubexp() > 0, "dataset.parts.pattern",
		"pattern %q has no group: put what names the part in parentheses, such as '_num_(\\d+)'", p.Pattern)
}

// TestPhotos says which photos are tested on: so many of each class, or just those of a list.
type TestPhotos struct {
	Counts map[string]int // by class, good or defects
	List   string         // a CSV with the column file, and class if it likes
}

// testList is the key of TestPhotos.List.
const testList = "list"

// written writes test photos as a file has them.
func (t TestPhotos) written() string {
	if t.List != "" {
		return testList + " " + t.List
	}
	return pairs(reflect.ValueOf(t.Counts))
}

// decodeTest reads counts by class, or the name of a list. A class may be called
// list: then what stands there is a number.
func (d *decoder) decodeTest(node ast.Node, path string, into *TestPhotos) error {
	*into = TestPhotos{}
	if mapping, ok := node.(ast.MapNode); ok {
		for pairs := mapping.MapRange(); pairs.Next(); {
			name, _, _ := scalar(pairs.Key())
			text, quoted, ok := scalar(pairs.Value())
			if name == testList && text == "" {
				return faultAt(pairs.Value(), "conditions.test.list: want the name of a CSV file with the column file, got %s", describe(pairs.Value()))
			}
			if name == testList && ok && (quoted || !number.MatchString(text)) {
				listed := struct {
					List string `yaml:"list"`
				}{}
				err := d.decodeStruct(node, path, reflect.ValueOf(&listed).Elem())
				into.List = listed.List
				return err
			}
		}
	}
	return d.decode(node, path, reflect.ValueOf(&into.Counts).Elem())
}
