package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Violation is one broken rule at one place, with the reason for the rule.
type Violation struct {
	Path   string // file or folder
	What   string // what was found
	Reason string // why it is not wanted, or what to do
}

// String gives the violation on one line.
func (v Violation) String() string {
	return fmt.Sprintf("%s: %s: %s", v.Path, v.What, v.Reason)
}

// maxLines is the length from which a file holds more than one idea.
const maxLines = 400

// Check applies every rule that needs no build to files.
//
//   - Shape: in the order of the rules, then of the files, none twice; nil
//     when all hold.
func Check(files []File) []Violation {
	rules := []func(File) []Violation{
		Known, Down, Links, Apart, Services, Unsafe, Length, Names,
	}
	var all []Violation
	for _, rule := range rules {
		for _, file := range files {
			for _, v := range rule(file) {
				if !slices.Contains(all, v) {
					all = append(all, v)
				}
			}
		}
	}
	return all
}

// Known asks that every folder of the library is a room of the [House].
func Known(f File) []Violation {
	if outside(f.Dir()) {
		return nil
	}
	if _, ok := room(f.Dir()); ok {
		return nil
	}
	return one(f.Dir(), "no such room", "draw it in internal/archtest/house.go and in ARCHITECTURE.md, or move the code")
}

// Down asks that imports between rooms point to a lower floor.
func Down(f File) []Violation {
	from, ok := room(f.Dir())
	if !ok || f.Test() || outside(f.Dir()) {
		return nil
	}
	var all []Violation
	for _, imported := range f.Imports {
		dir, own := ownDir(imported)
		to, known := room(dir)
		if !own || !known || outside(dir) || to.Dir == from.Dir || to.Floor < from.Floor {
			continue
		}
		all = append(all, Violation{
			f.Path, "imports " + imported,
			fmt.Sprintf("imports point down: %q is on floor %d, %q on floor %d", from.Dir, from.Floor, to.Dir, to.Floor),
		})
	}
	return all
}

// Links asks that a room's own code imports no library but those it is
// allowed, pgx first of all.
func Links(f File) []Violation {
	from, ok := room(f.Dir())
	if !ok || f.Test() || outside(f.Dir()) {
		return nil
	}
	var all []Violation
	for _, imported := range f.Imports {
		if _, own := ownDir(imported); own || standard(imported) {
			continue
		}
		if slices.ContainsFunc(from.Links, func(allowed string) bool { return within(imported, allowed) }) {
			continue
		}
		reason := "a service links what its rooms link; a new dependency needs a decision record (CONTRIBUTING.md)"
		if within(imported, pgx) {
			reason = "pgx stays in the root, internal/flight, internal/mapper, pgerr and retorttest"
		} else if len(from.Links) == 0 {
			reason = fmt.Sprintf("%q is built on the standard library alone", from.Dir)
		}
		all = append(all, Violation{f.Path, "imports " + imported, reason})
	}
	return all
}

// Apart asks that the [Strangers] do not know each other, in tests either.
func Apart(f File) []Violation {
	here, ok := stranger(f.Dir())
	if !ok {
		return nil
	}
	var all []Violation
	for _, imported := range f.Imports {
		dir, own := ownDir(imported)
		there, ok := stranger(dir)
		if own && ok && there != here {
			all = append(all, Violation{
				f.Path, "imports " + imported,
				fmt.Sprintf("%s and %s are used apart from each other; what both need belongs below", here, there),
			})
		}
	}
	return all
}

// Services asks that nothing imports a service, and that a service uses the
// library as anyone else can.
func Services(f File) []Violation {
	var all []Violation
	inService := within(f.Dir(), "services")
	for _, imported := range f.Imports {
		dir, own := ownDir(imported)
		switch {
		case !own:
		case within(dir, "services") && !inService:
			all = append(all, Violation{f.Path, "imports " + imported, "services stand on the library, nothing stands on them"})
		case within(dir, "internal") && inService:
			all = append(all, Violation{f.Path, "imports " + imported, "a reference service shows what every user can do: only exported packages"})
		}
	}
	return all
}

// Unsafe asks that package unsafe stays where it is fuzzed.
func Unsafe(f File) []Violation {
	if !slices.Contains(f.Imports, "unsafe") || within(f.Dir(), "internal/mapper") {
		return nil
	}
	// The poll system call takes the address of its argument; nothing else there may.
	if matched, _ := path.Match("internal/flight/poll_*.go", f.Path); matched {
		return nil
	}
	return one(f.Path, "imports unsafe", "unsafe stays in internal/mapper, where it is fuzzed and checkptr watches it")
}

// Length asks that a file that somebody wrote holds one idea.
func Length(f File) []Violation {
	if f.Test() || f.Generated || f.Lines <= maxLines {
		return nil
	}
	return one(f.Path, fmt.Sprintf("%d lines", f.Lines), fmt.Sprintf("over %d lines a file is more than one room: split it by noun", maxLines))
}

// Names asks that folders and files are named after what is in them.
func Names(f File) []Violation {
	for part := range strings.SplitSeq(strings.TrimSuffix(f.Path, ".go"), "/") {
		switch strings.TrimSuffix(part, "_test") {
		case "util", "utils", "common", "helper", "helpers", "misc":
			return one(f.Path, "named "+part, "a name says what is inside, and this one says nothing")
		}
	}
	return nil
}

// Linked asks that modules, those found in a binary, are all expected.
func Linked(of string, modules []string) []Violation {
	var all []Violation
	for _, module := range modules {
		if !slices.Contains(LinkedModules(), module) {
			all = append(all, Violation{
				of, "links " + module,
				"who imports the root and web gets pgx and a UUID library, nothing else",
			})
		}
	}
	return all
}

func one(at, what, reason string) []Violation { return []Violation{{at, what, reason}} }

// outside reports whether a folder belongs to another module.
func outside(dir string) bool {
	return within(dir, "services") || within(dir, "bench") || within(dir, "tools") || within(dir, "beside")
}

// ownDir gives the folder of one of the repository's own packages.
func ownDir(imported string) (dir string, own bool) {
	if imported == Module {
		return ".", true
	}
	return strings.CutPrefix(imported, Module+"/")
}

// standard reports whether an import is of the standard library, whose paths
// have no dot in their first element.
func standard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return !strings.Contains(first, ".")
}

func stranger(dir string) (string, bool) {
	for _, name := range Strangers() {
		if within(dir, name) {
			return name, true
		}
	}
	return "", false
}
