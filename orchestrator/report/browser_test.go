package report

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// chromium finds a browser; without one a test is skipped.
func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("no Chromium is there, so the page is not opened in a browser")
	return ""
}

// open loads a page in a headless browser and returns what became of it, and
// what the console said. Nothing is fetched: the host names of the network
// resolve to nothing.
func open(t *testing.T, page string, flags ...string) (dom, console string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	arguments := append([]string{
		"--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND",
		"--user-data-dir=" + t.TempDir(), "--enable-logging=stderr", "--v=0", "--dump-dom",
	}, flags...)
	cmd := exec.CommandContext(ctx, chromium(t), append(arguments, "file://"+page)...)
	var out, log strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &log
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s", err, log.String())
	}
	for line := range strings.Lines(log.String()) {
		if strings.Contains(line, ":CONSOLE") {
			console += line
		}
	}
	return out.String(), console
}

// probing asks the page about itself after it has loaded: it clicks as a reader
// would and writes what it found into the title.
const probing = `
const found = [];
const check = (what, is) => { if (!is) found.push(what); };
for (const img of document.images) check("image " + img.alt + " did not load", img.complete && (img.naturalWidth > 0 || !img.src));
for (const img of document.querySelectorAll(".tile img")) check("an image has no alt text", img.alt);
const table = document.querySelector("table.conditions");
const button = [...table.querySelectorAll("th button")].find((b) => b.textContent.startsWith("Accuracy"));
button.click();
const first = () => table.tBodies[0].rows[0].cells[0].textContent.trim();
check("sorting up shows " + first(), first() === "real");
button.click();
check("sorting down shows " + first(), first() === "real & generated");
check("the baseline is not last", table.tBodies[0].rows[table.tBodies[0].rows.length - 1].classList.contains("majority"));
check("the order is not announced", button.closest("th").getAttribute("aria-sort") === "descending");
const picture = document.querySelector(".tile img");
picture.focus();
picture.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter", bubbles: true}));
const dialog = document.querySelector("dialog");
check("a picture is not enlarged", dialog.open && dialog.querySelector("img").src === picture.src);
check("its caption is missing", dialog.textContent === picture.title);
dialog.click();
check("the picture stays", !dialog.open);
check("the page is wider than the window: " + document.documentElement.scrollWidth + " of " + innerWidth, document.documentElement.scrollWidth <= innerWidth);
const luminance = (colour) => {
  const [r, g, b] = colour.match(/[\d.]+/g).map((x) => x / 255).map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const paper = luminance(getComputedStyle(document.body).backgroundColor);
for (const selector of ["body", "p", ".note", "a", "thead th", ".majority th", "figcaption span", ".badge"]) {
  for (const element of [...document.querySelectorAll(selector)].slice(0, 3)) {
    const text = luminance(getComputedStyle(element).color);
    const contrast = (Math.max(paper, text) + 0.05) / (Math.min(paper, text) + 0.05);
    check(selector + " has a contrast of " + contrast.toFixed(2), contrast >= 4.5);
  }
}
document.title = "PROBED " + (found.join("; ") || "well");
`

// The page opens without an error in the console, every image loads, tables
// sort, pictures open by the keyboard, text stands out (WCAG 2.2, 1.4.3), and
// nothing is wider than a phone; in light and dark.
func TestPageInABrowser(t *testing.T) {
	chromium(t)
	page := string(pageOf(t, finished(t).collect(nil)))
	// The probe is the one thing that the policy is opened for.
	policy := page[strings.Index(page, "<meta http-equiv"):]
	policy = policy[:strings.Index(policy, "\n")]
	probed := strings.Replace(page, policy, "", 1)
	probed = strings.Replace(probed, "</body>", "<script>addEventListener('load', () => {"+probing+"})</script></body>", 1)
	for name, flags := range map[string][]string{
		"light, 1280": {"--window-size=1280,900"},
		"light, 500":  {"--window-size=500,900"}, // the narrowest that Chromium makes
		"dark, 1280":  {"--window-size=1280,900", "--force-dark-mode", "--blink-settings=preferredColorScheme=0"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "report.html")
			if err := os.WriteFile(path, []byte(probed), 0o644); err != nil {
				t.Fatal(err)
			}
			dom, console := open(t, path, flags...)
			title := dom[strings.Index(dom, "<title>"):]
			title = title[:strings.Index(title, "</title>")]
			if title != "<title>PROBED well" || console != "" {
				t.Errorf("%s\n%s", title, console)
			}
		})
	}
	// As it is, with its policy: the script runs, and the console is silent.
	path := filepath.Join(t.TempDir(), "report.html")
	if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
	if dom, console := open(t, path); console != "" || !strings.Contains(dom, "<th scope=\"col\" class=\"n\"><button") {
		t.Errorf("the script did not run: %s", console)
	}
}
