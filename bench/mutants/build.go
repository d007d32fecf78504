package mutants

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Target is one package whose tests are tried.
type Target struct {
	// Dir is its folder from the root.
	Dir string

	// Files are the sources to change, without their folder. None: all.
	Files []string

	// Tests must notice, the quickest first: the next are asked about what those
	// before let live.
	Tests []Tests
}

// Tests are those of one package, or some of them.
type Tests struct {
	Dir string         // from the root
	Run *regexp.Regexp // their names; nil is all
}

// build is a target with its mutants, compiled.
type build struct {
	mutants  []Mutant
	spoiled  int      // changes that did not compile
	binaries []string // one for each of Target.Tests
}

// tries bounds how often changes are left out that do not compile.
const tries = 8

// compile makes the mutants of t and one test binary for each package, in work.
func compile(ctx context.Context, root, work string, t Target) (*build, error) {
	spoiled := map[string]bool{} // by file:line
	for range tries {
		b, overlay, err := t.instrumented(root, work, spoiled)
		if err != nil {
			return nil, err
		}
		b.spoiled = len(spoiled)
		complaints, err := b.compile(ctx, root, work, overlay, t.Tests)
		if err == nil {
			return b, nil
		}
		before := len(spoiled)
		for _, place := range complaints {
			spoiled[place] = true
		}
		if len(spoiled) == before {
			return nil, err
		}
	}
	return nil, fmt.Errorf("mutants: %s does not compile after %d tries", t.Dir, tries)
}

// instrumented writes the changed sources and what tells the compiler of them.
func (t Target) instrumented(root, work string, spoiled map[string]bool) (b *build, overlay string, err error) {
	b = &build{}
	names, err := t.sources(root)
	if err != nil {
		return nil, "", err
	}
	replace, next, pkg := map[string]string{}, 0, ""
	for i, name := range names {
		path := filepath.Join(root, name)
		src, err := os.ReadFile(path)
		if err != nil {
			return nil, "", err
		}
		in, err := instrument(name, src, &next, func(line int) bool { return spoiled[name+":"+strconv.Itoa(line)] })
		if err != nil {
			return nil, "", err
		}
		b.mutants = append(b.mutants, in.mutants...)
		replace[path] = filepath.Join(work, fmt.Sprintf("source%d.go", i))
		if err := os.WriteFile(replace[path], in.text, 0o644); err != nil {
			return nil, "", err
		}
		pkg = string(packageClause.FindSubmatch(src)[1])
	}
	own := filepath.Join(work, "switch.go")
	replace[filepath.Join(root, t.Dir, "mutant_switch.go")] = own
	if err := os.WriteFile(own, switchFile(pkg, next), 0o644); err != nil {
		return nil, "", err
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return nil, "", err
	}
	overlay = filepath.Join(work, "overlay.json")
	return b, overlay, os.WriteFile(overlay, text, 0o644)
}

var packageClause = regexp.MustCompile(`(?m)^package (\w+)`)

// sources are the files to change, from the root.
func (t Target) sources(root string) ([]string, error) {
	files := t.Files
	if len(files) == 0 {
		entries, err := os.ReadDir(filepath.Join(root, t.Dir))
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if name := e.Name(); strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				files = append(files, name)
			}
		}
	}
	var names []string
	for _, name := range files {
		names = append(names, filepath.ToSlash(filepath.Join(t.Dir, name)))
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("mutants: %s has no source", t.Dir)
	}
	return names, nil
}

var complaint = regexp.MustCompile(`(?m)^\s*(?:\./)?(\S+\.go):(\d+):`)

// compile builds the tests. Where it fails it returns the places that the compiler
// complained of, as file:line from the root.
func (b *build) compile(ctx context.Context, root, work, overlay string, tests []Tests) (places []string, err error) {
	b.binaries = nil
	for i, t := range tests {
		binary := filepath.Join(work, fmt.Sprintf("tests%d", i))
		cmd := exec.CommandContext(ctx, "go", "test", "-c", "-vet=off", "-gcflags=-e", "-overlay", overlay, "-o", binary, "./"+t.Dir)
		cmd.Dir = root
		var said bytes.Buffer
		cmd.Stdout, cmd.Stderr = &said, &said
		if err := cmd.Run(); err != nil {
			for _, found := range complaint.FindAllStringSubmatch(said.String(), -1) {
				if name, err := filepath.Rel(root, filepath.Join(root, found[1])); err == nil {
					places = append(places, filepath.ToSlash(name)+":"+found[2])
				}
			}
			slices.Sort(places)
			return slices.Compact(places), fmt.Errorf("mutants: go test -c ./%s: %w\n%.4000s", t.Dir, err, said.String())
		}
		if _, err := os.Stat(binary); err != nil {
			return nil, errors.New("mutants: " + t.Dir + " has no tests")
		}
		b.binaries = append(b.binaries, binary)
	}
	return nil, nil
}
