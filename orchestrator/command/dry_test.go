package command_test

import (
	"os"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// dryChanges make an experiment on hazelnuts small without changing a count: the
// bundled base model, one seed, few steps, small pictures.
var dryChanges = []string{
	"base=tiny-sd", "seeds=[0]",
	"lora.resolution=32", "lora.rank=2", "lora.alpha=2", "lora.precision=fp32",
	"lora.steps=2",
	"generate.steps=2", "generate.strength=0.5", "generate.precision=fp32", "generate.batch_size=50",
	"classifier.weights=none", "classifier.resolution=32", "classifier.epochs=", "classifier.steps=2",
}

// TestArticleDry runs all of the experiments on MVTec AD's hazelnuts; it takes minutes, and so
// `make article-dry` asks for it.
func TestArticleDry(t *testing.T) {
	if os.Getenv("KIZU_ARTICLE_DRY") == "" {
		t.Skip("make article-dry runs it")
	}
	runScripts(t, "testdata/dry")
}

// dry COMMAND FILE runs kizu on a file with dryChanges, and then with what else is given.
func dry(ts *testscript.TestScript, neg bool, args []string) {
	own := args[2:]
	args = slices.Clone(args[:2])
	for _, change := range dryChanges {
		args = append(args, "--set", change)
	}
	args = append(args, own...)
	if err := ts.Exec("kizu", args...); (err == nil) == neg {
		ts.Fatalf("kizu %v: %v, negated %v", args, err, neg)
	}
}
