package table

import (
	"strings"
	"testing"
)

// What a note says of a column that does not fit goes with it, and all of one that is about
// such columns alone.
func TestNotesOfColumnsThatDoNotFit(t *testing.T) {
	g := Table{
		Columns: []Column{{Head: "set"}, {Head: "shown"}, {Head: "first", Extra: 1}, {Head: "second", Extra: 2}},
		Rows:    [][]string{{"a", "1", "2", "3"}},
		Notes: []string{
			"all are counts; “shown” is one; “first” another; “second” a third",
			"by score and so on; “second” is beyond", "about nothing; at all",
		},
	}
	for width, want := range map[int]string{
		40: "all are counts; “shown” is one; “first” another; “second” a third\nby score and so on; “second” is beyond\nabout nothing; at all\n",
		18: "all are counts; “shown” is one; “first” another\nabout nothing; at all\nnot shown here: second\n",
		12: "all are counts; “shown” is one\nabout nothing; at all\nnot shown here: second and first\n",
	} {
		var out strings.Builder
		g.WriteText(&out, Screen{Width: width})
		if got := strings.Join(strings.Fields(out.String()), " "); !strings.HasSuffix(got, strings.Join(strings.Fields(want), " ")) {
			t.Errorf("%d columns: %s", width, got)
		}
	}
}
