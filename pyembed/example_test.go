//go:build cgo

package pyembed_test

import (
	"context"
	"fmt"
	"os"

	"kizu/pyembed"
)

// Go calls a function of Python, which calls a function of Go.
func Example() {
	venv, err := makeVenv() // python3 -m venv
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(venv)

	python, err := pyembed.Start(pyembed.Config{
		Python: venv + "/bin/python3",
		Path:   []string{"testdata"},
		Functions: map[string]any{
			"log": func(message string) { fmt.Println("Python says:", message) },
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer python.Close()

	type crack struct {
		Image  string  `py:"image"`
		Length float64 `py:"length"`
	}
	cracks := []crack{{"cell-7.png", 12.5}, {"cell-9.png", 40}}
	var longest crack
	if err := python.Call(context.Background(), "example.longest", cracks, &longest); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", longest)
	fmt.Println(python.Call(context.Background(), "example.longest", []crack{}, &longest))
	// Output:
	// Python says: comparing 2 cracks
	// {Image:cell-9.png Length:40}
	// Python says: comparing 0 cracks
	// example.NoCrack: there is no crack to choose from
}
