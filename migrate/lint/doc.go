// Package lint finds what hurts in the statements of a revision before they run:
// locks that keep others waiting, tables that are written anew, rows that are lost,
// and what breaks the release that still runs.
//
// The one idea: every statement is read into [Action] values, each of a form in the
// table of package hazard, and rules look at these and at what stands around them.
// The table is held to a real server, the words are those of package autogenerate.
//
//	for _, f := range lint.Check(revision.Up, lint.Options{Version: 16}) {
//		if f.Open() {
//			fmt.Println(f)
//		}
//	}
//
// A finding says what happens, which lock on what, and what to write instead. It is
// answered by a comment at the statement:
//
//	-- lint:ignore drop-column: nobody reads it since v41
//	ALTER TABLE orders DROP COLUMN note;
//
// Without a reason that is itself a finding. The hazards that a generated revision
// carries as comments are answers, too.
//
// It reads SQL shallowly, with no grammar of PostgreSQL linked in
// (docs/adr/0016-lint-reads-shallowly.md): what it does not know, it says so of. It
// asks no database; docs/guides/lint.md lists the rules.
package lint
