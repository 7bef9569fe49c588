package draft

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"golang.org/x/text/unicode/norm"
)

//go:embed experiment.yaml.tmpl
var text string

var file = template.Must(template.New("experiment").Funcs(template.FuncMap{
	"yaml": yaml, "list": list,
}).Parse(text))

// Write writes the experiment file.
func (d *Draft) Write(to io.Writer) error { return file.Execute(to, d) }

// plainText is text that YAML needs no quotes for. Words that YAML may take for
// something else are not among it.
var (
	plainText = regexp.MustCompile(`^(/|(\.\./)+)?[A-Za-z][A-Za-z0-9]*([ _/.-][A-Za-z0-9]+)*$`)
	notText   = regexp.MustCompile(`(?i)^(true|false|yes|no|on|off|y|n|null|nan|inf)$`)
)

// yaml writes a text so that YAML reads it as it is, in braces too.
func yaml(text string) (string, error) {
	if plainText.MatchString(text) && !notText.MatchString(text) {
		return text, nil
	}
	var quoted strings.Builder
	encoder := json.NewEncoder(&quoted) // YAML's quotes in double quotes are JSON's
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(text)
	return strings.TrimSuffix(quoted.String(), "\n"), err
}

func list(texts []string) (string, error) {
	all := make([]string, len(texts))
	for i, text := range texts {
		var err error
		if all[i], err = yaml(text); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("[%s]", strings.Join(all, ", ")), nil
}

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

// Parts is what names of photos seem to say of parts.
type Parts struct {
	Pattern string // for dataset.parts
	Parts   int    // that it would tell apart
	Photos  int    // of which it would say the part
}

// partPatterns are ways in which names tell parts, the plainest first. Of each the
// first group names the part.
var partPatterns = []string{
	`(?i)[/_-](?:num|part|board|piece|sample|serial|sn|tile|wafer|unit)[_-]?(\d+)`,
	`([^/_]+)_[^/]*$`, // 0041005 of 0041005_446_392.png
	`([^/-]+)-[^/]*$`,
	`([^/]+)[_-]\d+\.\w+$`, // 2021_07_board of 2021_07_board_3.png
}

// partsIn looks for a pattern that gathers several photos in most parts, and never many.
// It is for people to decide whether they are parts: names look alike for other reasons
// too, and a division by whole parts has other numbers.
func partsIn(names []string) Parts {
	for _, text := range partPatterns {
		pattern := regexp.MustCompile(text)
		counts, told := map[string]int{}, 0
		largest := 0
		for _, name := range names {
			if match := pattern.FindStringSubmatch(name); match != nil {
				counts[match[1]]++
				told++
				largest = max(largest, counts[match[1]])
			}
		}
		// A prefix that a tenth of the photos share is that of a camera or a class.
		several := len(counts)*5 <= told*4
		if told*10 >= len(names)*9 && len(counts) > 2 && several && largest*10 <= max(len(names), 20) {
			return Parts{text, len(counts), told}
		}
	}
	return Parts{}
}
