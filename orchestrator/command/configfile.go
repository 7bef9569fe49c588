package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3" // what viper reads YAML with, which gives every value's text and place; Apache-2.0 and MIT

	"kizu/orchestrator/spelling"
)

// readConfig reads the config file, if there is one, and checks every setting
// in it. Viper would turn 0123 into 83 and 1.10 into 1.1: it gets texts.
func (s *settings) readConfig() error {
	path := s.path(setConfig)
	if path == "" {
		dir, err := os.UserConfigDir()
		if err != nil { // cron may set no HOME: then there is no config file
			return nil
		}
		path = filepath.Join(dir, "kizu", "config.yaml")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	s.warnIfShared("config file", path)
	source, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("config file: %w", err)
	}
	values, err := parseConfig(source)
	if err != nil {
		return fmt.Errorf("config file %s%w", path, err)
	}
	return s.viper.MergeConfigMap(values)
}

// parseConfig reads the settings in a YAML text, each as it is written there. An
// error begins with its place in the file.
func parseConfig(source []byte) (map[string]any, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(source, &document); err != nil {
		return nil, fmt.Errorf(": %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	c := config{values: map[string]any{}, given: map[string]int{}}
	if len(document.Content) == 0 {
		return c.values, nil
	}
	return c.values, c.mapping(document.Content[0], "")
}

// config collects the settings of a file.
type config struct {
	values map[string]any // texts, and maps of them
	given  map[string]int // the line of each
}

func faultIn(node *yaml.Node, format string, args ...any) error {
	return fmt.Errorf(":%d:%d: %w", node.Line, node.Column, fmt.Errorf(format, args...))
}

// mapping reads the settings whose names begin with prefix.
func (c *config) mapping(node *yaml.Node, prefix string) error {
	if node = resolved(node); node.Kind != yaml.MappingNode {
		return faultIn(node, "want settings, such as store: /srv/runs")
	}
	for i := 0; i < len(node.Content); i += 2 {
		key, value := node.Content[i], resolved(node.Content[i+1])
		name := prefix + strings.ToLower(key.Value)
		at := slices.IndexFunc(allSettings(), func(s setting) bool { return s.name == name && name != setConfig })
		section := slices.ContainsFunc(allSettings(), func(s setting) bool { return strings.HasPrefix(s.name, name+".") })
		switch {
		case value.Tag == "!!null" && (at >= 0 || section): // it keeps its default
		case section:
			if err := c.mapping(value, name+"."); err != nil {
				return err
			}
		case at < 0:
			return faultIn(key, "%w", unknownSetting(name))
		default:
			if err := c.take(allSettings()[at], key, value); err != nil {
				return err
			}
		}
	}
	return nil
}

// take reads one setting.
func (c *config) take(of setting, key, value *yaml.Node) error {
	if first := c.given[of.name]; first > 0 {
		return faultIn(key, "%s is given twice, first in line %d", of.name, first)
	}
	c.given[of.name] = key.Line
	text := value.Value
	if value.Kind == yaml.SequenceNode && of.kind.word == texts.word {
		var several []string
		for _, item := range value.Content {
			if item = resolved(item); item.Kind != yaml.ScalarNode {
				return faultIn(item, "%s: want a list of texts", of.name)
			}
			several = append(several, item.Value)
		}
		text = strings.Join(several, "\n")
	} else if value.Kind != yaml.ScalarNode {
		return faultIn(value, "%s: want one value", of.name)
	}
	if err := of.check(text); err != nil {
		return faultIn(value, "%s: %s: %w", of.name, written(text), err)
	}
	into, name := c.values, of.name
	if section, rest, inside := strings.Cut(of.name, "."); inside {
		if c.values[section] == nil {
			c.values[section] = map[string]any{}
		}
		into, name = c.values[section].(map[string]any), rest
	}
	into[name] = text
	return nil
}

// resolved follows an alias.
func resolved(node *yaml.Node) *yaml.Node {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return node
}

// written is a value as an error shows it.
func written(text string) string {
	if text == "" || strings.ContainsAny(text, " \n\t") {
		return fmt.Sprintf("%q", text)
	}
	return text
}

// unknownSetting says what a name may have been meant to be.
func unknownSetting(name string) error {
	var names []string
	for _, known := range allSettings() {
		if known.name != setConfig {
			names = append(names, known.name)
		}
	}
	if near := spelling.Nearest(name, names); near != "" {
		return fmt.Errorf("unknown setting %q: did you mean %s?", name, near)
	}
	return fmt.Errorf("unknown setting %q; the settings are %s", name, strings.Join(names, ", "))
}
