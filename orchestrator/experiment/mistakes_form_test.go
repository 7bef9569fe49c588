package experiment

// head begins a file that needs nothing but patterns or conditions.
const head = `name: small
dataset: {format: folders, root: photos, noun: board, defects: [crack, cut]}
base: tiny-sd
`

const (
	study1 = "patterns: {baseline: true}\n"
	study2 = `conditions:
  test: {good: 4, defects: 2}
  lora: {good_images: 2, defect_images: 2}
  training_sets: {real: {good: {real: 2}, defects: {real: 2}}}
`
	lora2 = "conditions:\n  test: {good: 4, defects: 2}\n  lora: {good_images: 2, defect_images: 2}\n"
)

// The keys of the two sections that patterns and conditions may have too.
const (
	loraKeys     = "identifier, resolution, steps, rank, alpha, target, text_encoder, learning_rate, text_encoder_learning_rate, schedule, warmup_steps, optimizer, batch_size, prior_weight, regularization, repeats, regularization_repeats, min_snr_gamma, flip, masked_loss, outside, precision, gradient_accumulation, gradient_checkpointing"
	generateKeys = "method, with_identifier, negative_prompt, strength, steps, guidance, sampler, batch_size, precision, select, mask, mask_scale_min, mask_scale_max, feather, blend, weight, style_fidelity, adain, within_mask, with_lora"
)

// A mistake is a file with ▸ where its error belongs.
type mistake struct{ name, yaml, message string }

// mistakesOfForm are files that are no YAML, or YAML of another shape.
var mistakesOfForm = []mistake{
	// The file as a whole.
	{"empty", "▸", "the file is empty"},
	{"only a comment", "▸# to be written\n", "the file is empty"},
	{"only a document marker", "▸---\n", "the file is empty"},
	{"a list", "▸- name: small\n", "experiment file: want a mapping, such as {key: value}, got a list"},
	{"a text", "▸name:small\n", `experiment file: want a mapping, such as {key: value}, got the text "name:small"`},
	{"null", "▸null\n", "experiment file: want a mapping, such as {key: value}, got nothing"},
	{"two documents", head + study1 + "▸---\n" + head, "a second YAML document starts here; an experiment file holds one"},
	{"an empty second document", head + study1 + "▸---\n", "a second YAML document starts here; an experiment file holds one"},
	{"a second document without a marker", head + study1 + "...\n▸name: other\n", "a second YAML document starts here; an experiment file holds one"},
	{"UTF-16", "▸\xff\xfen\x00", "the file is not UTF-8 text"},
	{"Latin-1", "name: small\nquestion: d▸\xe9fauts?\n", "the file is not UTF-8 text"},

	// YAML.
	{"tab", "name: small\nlora:\n▸\trank: 8\n", "not YAML: this is a tab, and YAML is indented with spaces"},
	{"tab after spaces", "name: small\nlora:\n  rank: 8\n▸\talpha: 8\n", "not YAML: this is a tab, and YAML is indented with spaces"},
	{"open quote", "name: ▸'small\n", "not YAML: could not find end character of single-quoted text"},
	{"open bracket", "seeds: ▸[0, 1\n", "not YAML: sequence end token ']' not found"},
	{"open bracket in the middle", "seeds: [0, 1\n▸base: tiny-sd\n", "not YAML: ',' or ']' must be specified"},
	{"a variable in braces", "dataset: {root: $▸{HOME}/photos, noun: board}\n", "not YAML: in braces and brackets, ${…} needs quotes: \"${NAME}/folder\""},
	{"a variable alone in braces", "dataset: {root: $▸{HOME}, noun: board}\n", "not YAML: in braces and brackets, ${…} needs quotes: \"${NAME}/folder\""},
	{"a variable in brackets", "dataset: [$▸{HOME}/a, b]\n", "not YAML: in braces and brackets, ${…} needs quotes: \"${NAME}/folder\""},
	{"two colons", "name: ▸small: er\n", "not YAML: mapping value is not allowed in this context"},
	{"reserved character", "name: ▸@small\n", "not YAML: '@' is a reserved character"},
	{"unknown anchor", "name: ▸*same\n", "*same refers to nothing: no &same comes before it"},
	{"tag", "name: ▸!!str 3\n", "tags such as !!str are not supported: write the value alone"},
	{"merge key", "▸<<: {name: small}\n", "merge keys (<<) are not supported: write the keys out"},

	// Keys.
	{"unknown key", head + "▸pattern: {baseline: true}\n", `unknown key "pattern": known are name, question, seeds, dataset, base, lora, generate, patterns, conditions, classifier, referee, reference`},
	{"unknown key, upper case", "▸Name: small\n", `unknown key "Name": known are name, question, seeds, dataset, base, lora, generate, patterns, conditions, classifier, referee, reference`},
	{"unknown key in a section", "name: small\ngenerate:\n  steps: 30\n  ▸stregth: 0.5\n", `unknown key "stregth" in generate: known are ` + generateKeys},
	{"unknown key in braces", "generate: {steps: 30, ▸stregth: 0.5}\n", `unknown key "stregth" in generate: known are ` + generateKeys},
	{"unknown key in the matrix", "patterns: {matrix: [{defect_images: 3}, {▸defects: 3}]}\n", `unknown key "defects" in patterns.matrix[1]: known are defect_images, regularization_images, source_images, ` + loraKeys + `, generate`},
	{"unknown key in an entry's section", "patterns:\n  matrix:\n    - defect_images: 3\n      generate: {▸rank: 3}\n", `unknown key "rank" in patterns.matrix[0].generate: known are ` + generateKeys},
	{"unknown key of study 2's LoRAs", "conditions: {lora: {▸good: 3}}\n", `unknown key "good" in conditions.lora: known are good_images, patterns, defect_images, regularization_images, source_images, ` + loraKeys + `, generate`},
	{"unknown key in a training set", "conditions:\n  training_sets:\n    real + fake:\n      good: {real: 2, ▸fake: 2}\n", `unknown key "fake" in conditions.training_sets."real + fake".good: known are real, decoded, generated`},
	{"unknown key that is a number", "generate: {steps: 1,▸000}\n", `unknown key "000" in generate: known are ` + generateKeys},
	{"key that is a list", "generate: {[a]▸: 3}\n", "not YAML: found an invalid key for this map"},
	{"key twice", "name: small\nbase: tiny-sd\n▸name: other\n", `key "name" is given twice, first in line 1`},
	{"key twice in braces", "lora: {rank: 8, ▸rank: 4}\n", `key "rank" in lora is given twice, first in line 1`},
	{"class twice", "conditions:\n  test:\n    crack: 3\n    ▸crack: 4\n", `key "crack" in conditions.test is given twice, first in line 3`},
	{"training set twice", lora2 + "  training_sets:\n    real: {good: {real: 2}, defects: {real: 2}}\n    ▸real: {good: {real: 3}, defects: {real: 3}}\n", `key "real" in conditions.training_sets is given twice, first in line 5`},

	// Types.
	{"text for a whole number", "lora: {rank: ▸eight}\n", `lora.rank: want a whole number, got the text "eight"`},
	{"quoted number", "lora: {rank: ▸'8'}\n", `lora.rank: want a whole number, got the text "8"`},
	{"fraction for a whole number", "lora: {rank: ▸8.5}\n", "lora.rank: want a whole number, got 8.5"},
	{"true for a whole number", "lora: {rank: ▸true}\n", "lora.rank: want a whole number, got true"},
	{"list for a whole number", "lora: {rank: ▸[8]}\n", "lora.rank: want a whole number, got a list"},
	{"block list for a whole number", "lora:\n  rank:\n    ▸- 8\n", "lora.rank: want a whole number, got a list"},
	{"mapping for a whole number", "lora:\n  rank:\n    ▸of: 8\n", "lora.rank: want a whole number, got a mapping"},
	{"hexadecimal", "lora: {rank: ▸0x10}\n", `lora.rank: want a whole number, got the text "0x10"`},
	{"huge number", "lora: {rank: ▸99999999999999999999}\n", "lora.rank: 99999999999999999999 is too large"},
	{"text for a number", "lora: {learning_rate: ▸fast}\n", `lora.learning_rate: want a number, got the text "fast"`},
	{"infinity", "lora: {learning_rate: ▸.inf}\n", `lora.learning_rate: want a number, got the text ".inf"`},
	{"not a number", "lora: {learning_rate: ▸.nan}\n", `lora.learning_rate: want a number, got the text ".nan"`},
	{"beyond every number", "lora: {learning_rate: ▸1e999}\n", "lora.learning_rate: 1e999 is too large"},
	{"yes for true", "lora: {flip: ▸yes}\n", `lora.flip: want true or false, got the text "yes"`},
	{"one for true", "lora: {flip: ▸1}\n", "lora.flip: want true or false, got 1"},
	{"list for text", "name: ▸[small]\n", "name: want text (in quotes if it looks like something else), got a list"},
	{"true for text", "lora: {identifier: ▸true}\n", "lora.identifier: want text (in quotes if it looks like something else), got true"},
	{"long text", "seeds: ▸0123456789 and 0123456789 and 0123456789 and so on\n", `seeds: want a list, such as [a, b], got the text "0123456789 and 0123456789 and 0123456789…"`},
	{"number for a section", "lora: ▸8\n", "lora: want a mapping, such as {key: value}, got 8"},
	{"list for a section", "lora:\n  ▸- rank: 8\n", "lora: want a mapping, such as {key: value}, got a list"},
	{"number for a list", "seeds: ▸3\n", "seeds: want a list, such as [a, b], got 3"},
	{"text in a list of numbers", "seeds: [0, ▸one]\n", `seeds[1]: want a whole number, got the text "one"`},
	{"nothing in a list", "seeds: [0, ▸~]\n", "seeds[1]: want a whole number, got nothing"},
	{"mapping for the matrix", "patterns: {matrix: ▸{defect_images: 3}}\n", "patterns.matrix: want a list, such as [a, b], got a mapping"},
	{"one of many", "patterns: {matrix: [{defect_images: ▸few}]}\n", `patterns.matrix[0].defect_images: want a whole number, got the text "few"`},
	{"one among many", "patterns:\n  matrix:\n    - defect_images: [1,\n        ▸few]\n", `patterns.matrix[0].defect_images[1]: want a whole number, got the text "few"`},
	{"none of many", "patterns: {matrix: [{defect_images: 3, steps: ▸[]}]}\n", "patterns.matrix[0].steps: the list is empty: give at least one value, or leave the key out"},
	{"none of many in a section", "patterns: {matrix: [{defect_images: 3, generate: {steps: ▸[]}}]}\n", "patterns.matrix[0].generate.steps: the list is empty: give at least one value, or leave the key out"},
	{"one of study 2's LoRAs", "conditions: {lora: {rank: [4, ▸big]}}\n", `conditions.lora.rank[1]: want a whole number, got the text "big"`},
	{"one of study 2's classifiers", "conditions: {classifier: {epochs: ▸{}}}\n", "conditions.classifier.epochs: want a whole number, got a mapping"},
	{"a list and counts", "conditions: {test: {list: test.csv, ▸good: 3}}\n", `unknown key "good" in conditions.test: known are list`},
	{"fit of another kind", "dataset: {fit: ▸[a]}\n", "dataset.fit: want a mapping, such as {key: value}, got a list"},
	{"fit in two ways", "dataset: {fit: ▸{pad: '#000000', tiles: 64}}\n", "dataset.fit: give one of {pad: '#808080'} and {tiles: 256}"},
	{"fit in no way", "dataset: {fit: ▸{}}\n", "dataset.fit: give one of {pad: '#808080'} and {tiles: 256}"},
	{"unknown way to fit", "dataset: {fit: {▸tile: 64}}\n", `unknown key "tile" in dataset.fit: known are pad, tiles`},
	{"a list of names", "conditions: {test: {list: ▸[test.csv]}}\n", "conditions.test.list: want the name of a CSV file with the column file, got a list"},
	{"a list without a name", "conditions: {test: {list: ▸''}}\n", "conditions.test.list: want the name of a CSV file with the column file, got the text \"\""},
	{"no parts", "dataset: {parts: ▸{}}\n", "parts is empty: folder, a CSV file, or {pattern: '…(…)…'}"},
	{"parts of another kind", "dataset: {parts: ▸[a]}\n", "dataset.parts: want a mapping, such as {key: value}, got a list"},
	{"text for a test count", "conditions: {test: {good: ▸many}}\n", `conditions.test.good: want a whole number, got the text "many"`},
	{"list of training sets", "conditions: {training_sets: ▸[real]}\n", "conditions.training_sets: want a mapping, such as {key: value}, got a list"},
	{"number for a training set", "conditions: {training_sets: {real: ▸10}}\n", "conditions.training_sets.real: want a mapping, such as {key: value}, got 10"},
	{"wide characters count as one", "{question: 傷は?, base: ▸[傷]}\n", "base: want text (in quotes if it looks like something else), got a list"},
}
