package report

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"image"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"kizu/orchestrator/plan"
	"kizu/orchestrator/report/table"
)

// element is one tag of a page.
type element struct {
	name       string
	attributes map[string]string
}

// parse reads a page as strictly as XML is read: every tag closed, every
// attribute quoted, every character escaped.
func parse(t *testing.T, page []byte) (elements []element, text string) {
	t.Helper()
	// A script's text is no markup.
	before, script, _ := bytes.Cut(page, []byte("<script>"))
	_, after, _ := bytes.Cut(script, []byte("</script>"))
	decoder := xml.NewDecoder(io.MultiReader(bytes.NewReader(before), bytes.NewReader(after)))
	decoder.Entity = xml.HTMLEntity
	var words strings.Builder
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return elements, words.String()
		}
		if err != nil {
			t.Fatalf("the page does not parse: %v", err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			e := element{token.Name.Local, map[string]string{}}
			for _, a := range token.Attr {
				e.attributes[a.Name.Local] = a.Value
			}
			elements = append(elements, e)
		case xml.CharData:
			words.Write(token)
		}
	}
}

func pageOf(t *testing.T, r *Report) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := r.writePage(&out, r.album()); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// besidePage are the files beside the page, and the folders of artifacts in its store.
var besidePage = regexp.MustCompile(`^(results\.(csv|json)|tables\.tex|report\.md|gallery/|tensorboard/|\.\./\.\./artifacts/[a-z_]+/[0-9a-f]{64}/)$`)

// selfContained holds that a page loads nothing and runs its own script only.
func selfContained(t *testing.T, page []byte) {
	t.Helper()
	elements, _ := parse(t, page)
	ids := map[string]bool{}
	for _, e := range elements {
		ids["#"+e.attributes["id"]] = true
	}
	for _, e := range elements {
		if slices.Contains([]string{"link", "iframe", "object", "embed", "form", "base", "image", "use"}, e.name) {
			t.Errorf("the page has a <%s>", e.name)
		}
		for name, value := range e.attributes {
			switch {
			case strings.HasPrefix(name, "on"):
				t.Errorf("<%s> has %s", e.name, name)
			case name == "href" && !ids[value] && !besidePage.MatchString(value):
				t.Errorf("<%s> leads to %q", e.name, value)
			case name == "src" && !strings.HasPrefix(value, "data:image/"):
				t.Errorf("<%s> loads %.40q", e.name, value)
			case name == "srcset":
				t.Errorf("<%s> has %s", e.name, name)
			}
		}
	}
	for _, forbidden := range []string{"url(", "@import", "http://", "https://", "ZgotmplZ"} {
		if bytes.Contains(page, []byte(forbidden)) {
			t.Errorf("the page holds %s", forbidden)
		}
	}
	_, script, _ := bytes.Cut(page, []byte("<script>"))
	script, _, _ = bytes.Cut(script, []byte("</script>"))
	sum := sha256.Sum256(script)
	policy := fmt.Sprintf(`content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-%s'"`,
		base64.StdEncoding.EncodeToString(sum[:]))
	if !bytes.Contains(page, []byte(policy)) || bytes.Count(page, []byte("<script")) != 1 {
		t.Errorf("the page has not the content security policy %s", policy)
	}
}

// shown decodes the images of a page.
func shown(t *testing.T, page []byte) []image.Image {
	t.Helper()
	var images []image.Image
	elements, _ := parse(t, page)
	for _, e := range elements {
		if e.name != "img" {
			continue
		}
		if e.attributes["alt"] == "" {
			t.Error("an image has no alt text")
		}
		_, code, _ := strings.Cut(e.attributes["src"], ";base64,")
		file, err := base64.StdEncoding.DecodeString(code)
		if err != nil {
			t.Fatal(err)
		}
		img, _, err := image.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, img)
	}
	return images
}

func TestPage(t *testing.T) {
	f := finished(t)
	page := pageOf(t, f.collect(nil))
	selfContained(t, page)
	// Study 1: 6 real defects, 8 sources, and 8 images for each of 2 seeds and
	// 5 patterns, of which the standard one is shown again in its series.
	// Study 2: real photos (6 good, 4 crack, 4 hole), and 8 images for each of
	// 2 seeds and 3 classes. Then 8 pairs of an image and its nearest photo for
	// each pattern, and of each class 8 images with their photos and differences.
	want := 6 + 8 + 2*8*(5+1) + 6 + 4 + 4 + 2*8*3 + 2*8*5 + 3*8*3
	// Mistakes: every training set has its own holes taken for good parts, and good parts
	// for cracks, of which 9 by the first set; cracks taken for holes are none.
	want += (5 + 8) + (4 + 7) + (2 + 3)
	if got := len(shown(t, page)); got != want {
		t.Errorf("%d images, want %d", got, want)
	}
	_, text := parse(t, page)
	for _, words := range []string{
		"Do generated defects help?",
		"None of the 2 other training sets can be told apart from real images alone, “real”.",
		"40 real photos: 20 good, 10 crack, 10 hole",
		"Cannot tell yet whether to use generated images", "real: escapes", "5 photos, 4 of them in all 2 trainings", "9 photos, 8 of them in all 2 trainings",
		"Always “good”", "blank", "Few steps", "Many steps", "seed 1", "torch", "2.15.0", "lora.rank 8", "generate.sampler base",
	} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), words) {
			t.Errorf("the page does not say %q", words)
		}
	}
}

func TestPageOfUnfinishedRuns(t *testing.T) {
	f := newFixture(t, studies)
	page := pageOf(t, f.collect(nil))
	selfContained(t, page)
	if _, text := parse(t, page); !strings.Contains(text, "not run yet") || !strings.Contains(text, "No condition is finished yet") {
		t.Error("the page does not say that nothing has run")
	}
	if !bytes.Contains(page, []byte(`<p class="lead">No condition is finished yet`)) {
		t.Error("without a verdict, nothing leads")
	}
	failures := map[string]string{}
	for _, task := range f.plan.Tasks {
		failures[task.ID] = "the disk is full"
	}
	page = pageOf(t, f.collect(failures))
	selfContained(t, page)
	if _, text := parse(t, page); strings.Count(text, "the disk is full") < len(f.plan.Cells) {
		t.Error("the page does not say why every cell failed")
	}
}

// Names come from folders and files, so they may be anything.
func TestHostileNames(t *testing.T) {
	const evil = `<img src=x onerror=alert(1)>"'&|%$\x`
	text := fmt.Sprintf(strings.NewReplacer("Do generated defects help?", "%[1]q", "real & generated", "%[2]q", "crack", "%[3]q").Replace(studies),
		`</style><script>alert(1)</script>`, `"><script>alert(2)</script>`, evil)
	f := newFixture(t, text, "good", evil, "hole")
	f.right[`"><script>alert(2)</script>`] = 8
	f.commitAll(func(task *plan.Task) bool { return strings.Contains(task.Label, "seed 0") })
	r := f.collect(nil)
	page := pageOf(t, r)
	selfContained(t, page)
	if _, words := parse(t, page); !strings.Contains(words, evil) {
		t.Error("the page does not show the class's name as it is")
	}
	for name, write := range map[string]func(io.Writer) error{"report.md": r.writeMarkdown, "tables.tex": r.writeLaTeX} {
		var out bytes.Buffer
		f.check(write(&out))
		for _, raw := range []string{"<script", "<img", `"'&|`, `'&|%$`} {
			if strings.Contains(strings.ReplaceAll(out.String(), `\<`, ""), raw) {
				t.Errorf("%s holds %s unescaped", name, raw)
			}
		}
	}
}

// A name must not steer the terminal.
func TestTableShowsNoControlCharacters(t *testing.T) {
	f := newFixture(t, strings.Replace(studies, "real & generated", `"red \e[31m text"`, 1))
	var out bytes.Buffer
	f.check(f.collect(nil).Table(&out, table.Screen{Width: 100}))
	if strings.ContainsRune(out.String(), '\x1b') {
		t.Errorf("an escape character reached the terminal:\n%q", out.String())
	}
}
