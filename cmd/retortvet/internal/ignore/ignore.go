// Package ignore lets a comment answer a diagnostic.
//
//	//retortvet:ignore session the test is about two goroutines
//
// stands on the line that the diagnostic is for, or on the one above. It names
// the check and the reason; without a reason it is a diagnostic itself.
package ignore

import (
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

const directive = "//retortvet:ignore"

// Reporter passes on the diagnostics of one check that no comment answers.
type Reporter struct {
	pass     *analysis.Pass
	answered map[place]bool
}

type place struct {
	file string
	line int
}

// New reads the comments of a package for the check that runs over it.
func New(pass *analysis.Pass) *Reporter {
	r := &Reporter{pass: pass, answered: make(map[place]bool)}
	for _, file := range pass.Files {
		for _, group := range file.Comments {
			for _, comment := range group.List {
				r.read(comment.Pos(), comment.Text)
			}
		}
	}
	return r
}

func (r *Reporter) read(pos token.Pos, text string) {
	rest, ok := strings.CutPrefix(text, directive+" ")
	if !ok {
		return
	}
	words := strings.Fields(rest)
	if len(words) == 0 || words[0] != r.pass.Analyzer.Name {
		return
	}
	if len(words) == 1 || strings.HasPrefix(words[1], "//") {
		r.pass.Reportf(pos, "%s %s gives no reason; say behind it why this is meant", directive, words[0])
		return
	}
	at := r.pass.Fset.Position(pos)
	r.answered[place{at.Filename, at.Line}] = true
	r.answered[place{at.Filename, at.Line + 1}] = true
}

// Report passes a diagnostic on unless a comment answers it.
func (r *Reporter) Report(d analysis.Diagnostic) {
	at := r.pass.Fset.Position(d.Pos)
	if !r.answered[place{at.Filename, at.Line}] {
		r.pass.Report(d)
	}
}
