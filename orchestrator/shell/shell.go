// Package shell writes what a POSIX shell reads.
package shell

import (
	"regexp"
	"strings"
)

// plain is what no shell reads anything into; zsh reads a word that begins with =.
var plain = regexp.MustCompile(`^[\pL\pN@%+:,./_-][\pL\pN@%+:,./_=-]*$`)

// Word quotes a text where a shell would take it for something else than one word.
func Word(text string) string {
	if plain.MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
