package draft

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// goodNames are what folders of good parts are called, in lower case and without what
// joins words, the plainest first.
var goodNames = []string{
	"good", "ok", "normal", "okay", "functional", "io", "gut", "gutteil", "gutteile", "良品", "正常", "合格", "양품", "正常品",
	"pass", "passed", "fine", "intact", "perfect", "nodefect", "nodefects", "defectfree", "nondefective", "noanomaly", "undamaged", "clean", "healthy", "bon", "conforme", "bueno",
}

// Good guesses which class is that of good parts: by its name, or else as the largest.
// why says so, for people.
func Good(names []string, files func(name string) int) (good, why string) {
	for _, usual := range goodNames {
		for _, name := range names {
			if plain(name) == usual {
				return name, "guessed by its name"
			}
		}
	}
	good = slices.MaxFunc(names, func(a, b string) int { return files(a) - files(b) })
	return good, fmt.Sprintf("a guess: no folder is called good or ok, and this is the largest, with %d photos", files(good))
}

// plain is a name in lower case, without what joins words.
func plain(name string) string {
	return strings.NewReplacer("_", "", "-", "", " ", "", ".", "", "/", "").Replace(strings.ToLower(norm.NFC.String(name)))
}
