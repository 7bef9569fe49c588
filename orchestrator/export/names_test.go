package export

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestNames(t *testing.T) {
	for text, want := range map[string]string{
		"real + generated": "real + generated", "a/b": "a_b", "a:b": "a_b", `<x>|"y"?*\`: "_x___y____", "..": "_", "": "_", ". hidden": "hidden",
		"ends. ": "ends", "CON": "_CON", "nul.png": "_nul.png", "console": "console", "欠陥": "欠陥", "e\u0301": "é", "tab\tnew\nline": "tab_new_line",
		"\xff": "_", strings.Repeat("é", 80): strings.Repeat("é", 50),
	} {
		if got := safe(text); got != want {
			t.Errorf("%q is called %q, not %q", text, got, want)
		}
	}
}

// TestNamesDiffer: each of several texts has one name, and no two the same, whatever they are.
func TestNamesDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n, of := names{}, map[string]string{}
		for _, text := range rapid.SliceOf(rapid.StringMatching(`[aAé:/. 2-]{0,4}`)).Draw(t, "texts") {
			name := n.of("folder", text, text)
			if again := n.of("folder", text, text); again != name {
				t.Fatalf("%q is called %q and %q", text, name, again)
			}
			if other, taken := of[strings.ToLower(name)]; taken && other != text {
				t.Fatalf("%q and %q are called %q", text, other, name)
			}
			if of[strings.ToLower(name)] = text; !utf8.ValidString(name) || !filepath.IsLocal(name) || strings.Contains(name, "/") {
				t.Fatalf("%q is called %q", text, name)
			}
		}
	})
}

// safetensors is a file with one tensor of bytes.
func safetensors(metadata map[string]string, tensor []byte) []byte {
	head, _ := json.Marshal(map[string]any{
		"__metadata__": metadata,
		"lora_a<b":     map[string]any{"dtype": "U8", "shape": []int{len(tensor)}, "data_offsets": []int{0, len(tensor)}},
	})
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(head))), head...), tensor...)
}

func TestKohya(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lora.safetensors")
	read := func(text []byte) (head map[string]json.RawMessage, metadata map[string]string, rest []byte) {
		size := binary.LittleEndian.Uint64(text)
		if err := json.Unmarshal(text[8:8+size], &head); err != nil || size%8 != 0 {
			t.Fatal(size, err)
		}
		if err := json.Unmarshal(head["__metadata__"], &metadata); err != nil {
			t.Fatal(err)
		}
		return head, metadata, text[8+size:]
	}
	for recipe, want := range map[string]map[string]string{
		`{"precision": "fp32", "text_encoder": true, "learning_rate": 5e-05, "text_encoder_learning_rate": 0.0, "repeats": 3, "regularization_repeats": 2,
		  "instance": {"images": 4, "prompt": "shs Nut, Crack"}, "class": {"images": 9, "prompt": "nut"}}`: {
			"ss_mixed_precision": "no", "ss_text_encoder_lr": "5e-05", "ss_num_train_images": "12", "ss_num_reg_images": "18",
			"ss_tag_frequency": `{"2_nut":{"nut":9},"3_shs Nut, Crack":{"crack":4,"shs nut":4}}`,
		},
		`{"precision": "bf16", "text_encoder": true, "learning_rate": 1.0, "text_encoder_learning_rate": 2.5e-06, "instance": {"images": 1, "prompt": "a"}}`: {
			"ss_mixed_precision": "bf16", "ss_text_encoder_lr": "2.5e-06", "ss_num_train_images": "1", "ss_num_reg_images": "0", "ss_tag_frequency": `{"1_a":{"a":1}}`,
		},
		`{"precision": "fp16", "text_encoder": false, "learning_rate": 1.0, "instance": {"images": 1, "prompt": "a"}}`: {
			"ss_mixed_precision": "fp16", "ss_text_encoder_lr": "None", "ss_num_train_images": "1", "ss_num_reg_images": "0", "ss_tag_frequency": `{"1_a":{"a":1}}`,
		},
	} {
		was := map[string]string{"kizu_recipe": recipe, "ss_v2": "False"}
		if err := os.WriteFile(path, safetensors(was, []byte("weights")), 0o644); err != nil {
			t.Fatal(err)
		}
		text, err := completed(path, "study a:b seed-0")
		if err != nil {
			t.Fatal(err)
		}
		head, metadata, rest := read(text)
		maps.Copy(was, want)
		was["ss_output_name"] = "study a_b seed-0"
		was["sshs_model_hash"] = fmt.Sprintf("%x", sha256.Sum256([]byte("weights")))
		was["sshs_legacy_hash"] = "e3b0c442" // of nothing: the file is shorter
		if !maps.Equal(metadata, was) || !bytes.Equal(rest, []byte("weights")) || !strings.Contains(string(head["lora_a<b"]), "U8") {
			t.Errorf("%v instead of %v; %s", metadata, was, head)
		}
	}
	for _, text := range []string{"", "1234567", "\xff\xff\xff\xff\xff\xff\xff\xff{}", "\x02\x00\x00\x00\x00\x00\x00\x00{}"} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := completed(path, "x"); err == nil {
			t.Errorf("%q is completed", text)
		}
	}
}
