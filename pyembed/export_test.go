//go:build cgo

package pyembed

// Linked tells tests the version and file of the libpython of this process.
func Linked() (version, file string) {
	lib := linked()
	return lib.version, lib.file
}
