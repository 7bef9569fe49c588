package shell

import (
	"os/exec"
	"strings"
	"testing"
)

// TestWord: a shell takes every text for just that text.
func TestWord(t *testing.T) {
	texts := []string{"", "a b", "it's", `"q"`, "$HOME", "`id`", `a\b`, "*", "~", "#", "a;b", "café", "-x=1", "=ls", "a\nb", "lora.rank=16", "[0,1]", "a{b,c}", "!x"}
	words := []string{"printf", `'%s\0'`}
	for _, text := range texts {
		words = append(words, Word(text))
	}
	out, err := exec.Command("sh", "-c", strings.Join(words, " ")).Output()
	if got := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00"); err != nil || strings.Join(got, "|") != strings.Join(texts, "|") {
		t.Errorf("%v: got %q, want %q", err, got, texts)
	}
	for _, text := range []string{"a.yaml", "/srv/größe/b-1.yaml", "lora.rank=16"} {
		if Word(text) != text {
			t.Errorf("%s is quoted without need", text)
		}
	}
}
