// Command retortvet finds mistakes with Retort that compile and pass for right:
// a stand-in's field used as a value, a session used by two goroutines, values
// put into the text of SQL.
//
//	go vet -vettool="$(command -v retortvet)" ./...
//	retortvet -fix ./...
//
// Each check is a package of its own with an Analyzer, for drivers such as
// golangci-lint's plugins. The checks read types only: they run nothing, need no
// database and do not link Retort.
package main

import (
	"golang.org/x/tools/go/analysis/multichecker"

	"github.com/retort-go/retort/cmd/retortvet/session"
	"github.com/retort-go/retort/cmd/retortvet/sqltext"
	"github.com/retort-go/retort/cmd/retortvet/standin"
)

func main() {
	multichecker.Main(session.Analyzer, sqltext.Analyzer, standin.Analyzer)
}
