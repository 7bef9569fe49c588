package draft

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/template"
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
