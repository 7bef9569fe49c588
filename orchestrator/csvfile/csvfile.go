// Package csvfile reads tables that people keep in spreadsheets: fields separated by
// commas, semicolons or tabs, with or without a byte order mark.
package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"kizu/orchestrator/filehash"
)

// Table is a table whose first line names its columns.
type Table struct {
	name string // of the file, for errors
	head []string
	Rows []Row
}

// Row is a line of a table.
type Row struct {
	table  *Table
	line   int
	fields []string
}

// ByteOrderMark is what spreadsheets begin a file with.
const ByteOrderMark = "\ufeff"

// Read reads a table that must have some columns. A missing file is fs.ErrNotExist;
// other errors name the file and, where one is wrong, the line.
func Read(path string, columns ...string) (*Table, error) {
	text, err := filehash.ReadRegular(path)
	if err != nil {
		return nil, err
	}
	t := &Table{name: filepath.Base(path)}
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%s is not UTF-8: save it as CSV in UTF-8", t.name)
	}
	text = bytes.TrimPrefix(text, []byte(ByteOrderMark))
	lines := csv.NewReader(bytes.NewReader(text))
	lines.Comma = separator(text)
	if t.head, err = lines.Read(); err != nil && len(text) > 0 {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	for i, column := range t.head {
		if column != "" && slices.Contains(t.head[:i], column) {
			return nil, fmt.Errorf("%s has two columns %s", t.name, column)
		}
	}
	for _, column := range columns {
		if !t.Has(column) {
			return nil, fmt.Errorf("%s has no column %s", t.name, column)
		}
	}
	for {
		fields, err := lines.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if wrong := new(csv.ParseError); errors.As(err, &wrong) {
			return nil, fmt.Errorf("%s:%d: %w", t.name, wrong.Line, wrong.Err)
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", t.name, err)
		}
		line, _ := lines.FieldPos(0)
		t.Rows = append(t.Rows, Row{t, line, fields})
	}
}

// Has reports whether the table has a column.
func (t *Table) Has(column string) bool { return slices.Contains(t.head, column) }

// Line is the row's line in the file.
func (r Row) Line() int { return r.line }

// Field is a row's field in a column, without spaces around it; "" where the table
// has no such column.
func (r Row) Field(column string) string {
	at := slices.Index(r.table.head, column)
	if at < 0 {
		return ""
	}
	return strings.TrimSpace(r.fields[at])
}

// Wrong is an error about a row, with the file and the line.
func (r Row) Wrong(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w", r.table.name, r.line, fmt.Errorf(format, args...))
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
