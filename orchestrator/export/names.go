package export

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm" // one spelling of é; Go project, BSD
)

// names are those given: what they stand for, by folder and name in lower case.
type names map[string]string

// of is a name in a folder, near to what something is called: one for an id, and another for
// another, also where file systems take A and a for the same.
func (n names) of(folder, id, called string) string {
	for i, name := 2, safe(called); ; i++ {
		key := folder + "/" + strings.ToLower(name)
		if other, taken := n[key]; !taken || other == id {
			n[key] = id
			return name
		}
		name = fmt.Sprintf("%s-%d", safe(called), i)
	}
}

// device is a name that Windows keeps for one, whatever follows the point.
var device = regexp.MustCompile(`(?i)^(con|prn|aux|nul|com\d|lpt\d)?(\.|$)`)

// safe is a name that every file system takes, as near as can be to a text.
func safe(text string) string {
	name := strings.Map(func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) || strings.ContainsRune(`<>:"/\|?*`, r) {
			return '_'
		}
		return r
	}, norm.NFC.String(text))
	for len(name) > 100 { // bytes; most file systems take 255
		_, last := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-last]
	}
	name = strings.Trim(name, " .") // hidden at one end, cut off by Windows at the other
	if device.MatchString(name) {
		name = "_" + name
	}
	return name
}
