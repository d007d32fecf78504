package readmetest

import (
	"go/format"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestDocuments(t *testing.T) {
	t.Parallel()
	targets := makeTargets(t)
	for _, name := range documents(t) {
		text, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		for _, problem := range problems(name, string(text), targets, os.ReadFile) {
			t.Error(problem)
		}
	}
}

// The control: what each rule is there to find.
func TestDocuments_finds_what_is_wrong(t *testing.T) {
	t.Parallel()
	read := func(name string) ([]byte, error) {
		if name == filepath.FromSlash(root+"/docs/there.md") {
			return []byte("# One heading, with `code`\n\n<a id=\"own\"></a>\n"), nil
		}
		return nil, fs.ErrNotExist
	}
	for text, want := range map[string]string{
		"[x](there.md) [y](there.md#one-heading-with-code) [z](there.md#own) [web](https://example.org/x)": "",
		"`New[T](\"gone\")`":        "",
		"[x](gone.md)":              "docs/a.md: link gone.md leads nowhere",
		"[x](there.md#two)":         "docs/a.md: link there.md#two: no such heading",
		"run `make test` and so on": "",
		"run `make tset`":           "docs/a.md: make tset: no such target",
		"```sh\n$ make demos\n```":  "docs/a.md: make demos: no such target",
		"```go\nx := 1\n```":        "",
		"```go\nx := (\n```":        "docs/a.md:2: Go that does not parse",
	} {
		got := strings.Join(problems("docs/a.md", text, []string{"demo", "test"}, read), "\n")
		if (want == "") != (got == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%q:\ngot  %q\nwant %q", text, got, want)
		}
	}
}

var (
	linkPattern = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	codePattern = regexp.MustCompile("(?s)```.*?```|`[^`\n]*`")
	makePattern = regexp.MustCompile("(?m)(?:`|^\\$ |^)make ([a-z][a-z-]*)")
)

// problems checks one document, which lies at name below root.
func problems(name, text string, targets []string, read func(string) ([]byte, error)) []string {
	var all []string
	for _, found := range makePattern.FindAllStringSubmatch(text, -1) {
		if !slices.Contains(targets, found[1]) {
			all = append(all, name+": make "+found[1]+": no such target")
		}
	}
	for _, found := range linkPattern.FindAllStringSubmatch(codePattern.ReplaceAllString(text, ""), -1) {
		if problem := badLink(name, found[1], read); problem != "" {
			all = append(all, name+": link "+found[1]+problem)
		}
	}
	for _, b := range blocks(text) {
		if b.language != "go" {
			continue
		}
		if _, err := format.Source([]byte(b.text)); err != nil { // takes fragments too
			all = append(all, name+":"+strconv.Itoa(b.line)+": Go that does not parse: "+err.Error())
		}
	}
	return all
}

// badLink says what is wrong with a link of document name; links to other
// hosts are not followed.
func badLink(name, link string, read func(string) ([]byte, error)) string {
	u, err := url.Parse(link)
	if err != nil || u.Scheme != "" {
		return ""
	}
	target := name
	if u.Path != "" {
		target = path.Join(path.Dir(name), u.Path)
	}
	full := filepath.Join(root, filepath.FromSlash(target))
	if info, err := os.Stat(full); err == nil && info.IsDir() {
		return ""
	}
	text, err := read(full)
	switch {
	case err != nil:
		return " leads nowhere"
	case u.Fragment != "" && !slices.Contains(anchors(string(text)), u.Fragment):
		return ": no such heading"
	}
	return ""
}

// anchors lists the fragments that a document answers to: its headings as the
// usual renderers spell them, and what it names itself.
func anchors(text string) []string {
	var all []string
	for _, found := range regexp.MustCompile(`(?m)^#+ +(.+)$`).FindAllStringSubmatch(text, -1) {
		slug := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(found[1])), " ", "-")
		all = append(all, regexp.MustCompile(`[^\p{L}\p{N}_-]`).ReplaceAllString(slug, ""))
	}
	for _, found := range regexp.MustCompile(`(?:id|name)="([^"]+)"`).FindAllStringSubmatch(text, -1) {
		all = append(all, found[1])
	}
	return all
}

func makeTargets(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	var targets []string
	for _, found := range regexp.MustCompile(`(?m)^\.PHONY: (\S+)$`).FindAllStringSubmatch(string(text), -1) {
		targets = append(targets, found[1])
	}
	if !slices.Contains(targets, "test") {
		t.Fatalf("the Makefile's targets are %q?", targets)
	}
	return targets
}

// The README's example is a whole program, and it compiles as a user's would:
// in a module of its own that requires this one.
func TestReadme_example_compiles(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	programs := 0
	for _, b := range blocks(string(text)) {
		if b.language != "go" || !strings.HasPrefix(b.text, "package ") {
			continue
		}
		programs++
		t.Run("line "+strconv.Itoa(b.line), func(t *testing.T) {
			t.Parallel()
			vet(t, b.text)
		})
	}
	if programs == 0 {
		t.Error("README.md has no Go block that is a whole file, with its package clause")
	}
}

// vet type-checks one file against the repository's library.
func vet(t *testing.T, program string) {
	t.Helper()
	if out, err := goCommand(t, "main.go", program, "vet", "."); err != nil {
		t.Errorf("go vet: %v\n%s", err, out)
	}
}

// goCommand runs the go command on one file, in a module of its own that requires
// the repository's library.
func goCommand(t *testing.T, name, text string, args ...string) (string, error) {
	t.Helper()
	library, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	modfile, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	const module = "github.com/retort-go/retort"
	_, requirements, _ := strings.Cut(string(modfile), "\n")
	dir := t.TempDir()
	for name, text := range map[string]string{
		name:     text,
		"go.mod": "module example\n" + requirements + "\nrequire " + module + " v0.0.0\n\nreplace " + module + " => " + library + "\n",
		"go.sum": string(sums),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := cmd.CombinedOutput()
	return string(out), err
}
