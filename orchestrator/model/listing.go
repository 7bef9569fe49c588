package model

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Listing is what a model of the hub has: the bytes of its files, by name.
type Listing map[string]int64

// HubModel is a model that may be one of the hub's.
type HubModel interface {
	// What names the model and its use, for people.
	What() string
	// HubName is its name on the hub.
	HubName() string
	// Absent reports whether it is one of the hub's that is to be downloaded, in whole or in part.
	Absent() bool
	// Wanted chooses the files to download. The error says what is missing.
	Wanted(Listing) ([]string, error)
	// Look looks for it in the cache again.
	Look() error
}

// What and the methods below implement HubModel.
func (b *Base) What() string    { return "base model " + b.Name }
func (b *Base) HubName() string { return b.Name }
func (b *Base) Absent() bool    { return b.OfTheHub() && absent(b.Cached, wholeModel) }

func (b *Base) Look() error {
	found, err := hubBase(b.Name)
	if err == nil {
		*b = *found
	}
	return err
}

func (b *Base) Wanted(listing Listing) (files []string, err error) {
	if !listing.has(modelIndex) {
		return nil, fmt.Errorf("it is no diffusers model: it has no %s", modelIndex)
	}
	files = append(files, modelIndex)
	if listing.has(trainingImages) {
		files = append(files, trainingImages)
	}
	for _, c := range components {
		names := listing.in(c.name)
		if len(names) == 0 && !inAll(c.name) { // which family it is of, the index will say
			continue
		}
		wanted, err := c.wanted(names)
		if err != nil {
			return nil, err
		}
		for _, name := range wanted {
			files = append(files, path.Join(c.name, name))
		}
	}
	return files, nil
}

// What and the methods below implement HubModel.
func (e *Encoder) What() string    { return "vision transformer " + e.Name }
func (e *Encoder) HubName() string { return e.Name }
func (e *Encoder) Absent() bool    { return e.OfTheHub() && absent(e.Cached, checkEncoder) }

func (e *Encoder) Look() error {
	e.Cached = hubSnapshot(e.Name, encoderConfig)
	return nil
}

func (e *Encoder) Wanted(listing Listing) ([]string, error) { return encoder.wanted(listing.in(".")) }

// absent reports whether a model is not whole in the cache, and may be downloaded.
func absent(cached string, whole func(dir string) (string, error)) bool {
	if _, yes := offline(); yes {
		return false
	}
	if cached == "" {
		return true
	}
	_, err := whole(cached)
	return err != nil
}

// Size adds up the bytes of some files.
func (l Listing) Size(files []string) (size int64) {
	for _, file := range files {
		size += l[file]
	}
	return size
}

func (l Listing) has(file string) bool {
	_, ok := l[file]
	return ok
}

// in lists the names of the files of a folder.
func (l Listing) in(folder string) (names []string) {
	for file := range l {
		if path.Dir(file) == folder {
			names = append(names, path.Base(file))
		}
	}
	slices.Sort(names)
	return names
}

// wanted chooses the files of a component: all that are small, and the weights that would be used.
func (c component) wanted(names []string) (files []string, err error) {
	if err := c.complete(func(file string) bool { return slices.Contains(names, file) }); err != nil {
		return nil, err
	}
	for _, name := range names {
		switch path.Ext(name) {
		case ".json", ".txt", ".model":
			if !strings.Contains(name, ".index.") {
				files = append(files, name)
			}
		}
	}
	if c.stem == "" {
		return files, nil
	}
	chosen, err := chooseWeights(names, c.name, c.stem)
	if err != nil {
		return nil, err
	}
	files = append(files, chosen.file)
	if chosen.sharded {
		shards := shardsOf(c.stem, chosen.variant)
		for _, name := range names {
			if shards.MatchString(name) {
				files = append(files, name)
			}
		}
	}
	return files, nil
}
