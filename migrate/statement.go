package migrate

import (
	"fmt"
	"slices"
	"strings"

	"github.com/retort-go/retort/internal/sqltext"
)

// checkStatement says why a step cannot run as it is marked, or nothing.
func checkStatement(s *Step) string {
	words := sqltext.Words(s.SQL, -1)
	if len(words) == 0 {
		return ""
	}
	switch first := words[0]; {
	case slices.Contains([]string{"begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"}, first),
		has(words, "prepare", "transaction"):
		return strings.ToUpper(first) + " ends or begins a transaction; those are the runner's: remove it, or mark statements by -- +alone or -- +outside"
	case first == "copy":
		return "COPY needs data from outside the file; write INSERT, or load it with a function of Go (-- +call)"
	}
	what, needs := outsideOnly(words)
	switch s.mode() {
	case Together, Alone, Batched:
		if needs {
			return what + " cannot run in a transaction; write -- +outside on the line before it"
		}
		if s.mode() == Batched && !slices.Contains([]string{"insert", "update", "delete", "with", "merge"}, words[0]) {
			return "-- +batched is for INSERT, UPDATE, DELETE, MERGE or WITH, not for " + strings.ToUpper(words[0])
		}
	case Outside:
		if _, seen := probeOf(words); !seen && !s.Repeatable {
			return unseen(words, needs)
		}
	case Call:
	}
	return ""
}

// unseen says what helps a statement of which nobody can tell whether it was done.
func unseen(words []string, needs bool) string {
	text := "nothing in the database shows whether this statement was done, so a run that breaks off could not go on; "
	switch {
	case needs && words[0] == "create" && slices.Contains(words, "index"):
		return text + "give the index a name"
	case needs:
		return text + "declare that it may run twice: -- +outside repeatable"
	}
	return text + "take -- +outside away, or declare that it may run twice: -- +outside repeatable"
}

// has tells whether words begins so.
func has(words []string, begin ...string) bool {
	return len(words) >= len(begin) && slices.Equal(words[:len(begin)], begin)
}

// outsideOnly tells what the server refuses inside of transactions.
func outsideOnly(words []string) (string, bool) {
	concurrently := slices.Contains(words, "concurrently")
	switch {
	case has(words, "create", "index", "concurrently"), has(words, "create", "unique", "index", "concurrently"):
		return "CREATE INDEX CONCURRENTLY", true
	case has(words, "drop", "index", "concurrently"):
		return "DROP INDEX CONCURRENTLY", true
	case has(words, "reindex") && concurrently:
		return "REINDEX CONCURRENTLY", true
	case has(words, "alter", "table") && concurrently && slices.Contains(words, "detach"):
		return "DETACH PARTITION CONCURRENTLY", true
	case has(words, "vacuum"):
		return "VACUUM", true
	case has(words, "create", "database"), has(words, "drop", "database"), has(words, "alter", "system"),
		has(words, "create", "tablespace"), has(words, "drop", "tablespace"):
		return strings.ToUpper(words[0] + " " + words[1]), true
	}
	return "", false
}

// probe says where the catalog shows whether a statement was done.
type probe struct {
	kind       probeKind
	table      string // as SQL, quoted where it was
	name       string // of the index, constraint or partition, as SQL
	label      string // of an enum, as SQL
	repairable bool   // an index that a broken run left invalid can be dropped and built again
}

type probeKind int

const (
	probeIndex     probeKind = iota + 1 // the index is there and valid
	probeNoIndex                        // no index of that name
	probeValidated                      // the constraint is validated
	probeLabel                          // the enum has the label
	probeDetached                       // the partition is no partition any more
)

// probeOf finds the probe for a statement, by a shallow look at its words.
func probeOf(words []string) (probe, bool) {
	t := tokens{words: words}
	switch {
	case t.take("create"):
		t.take("unique")
		if !t.take("index", "concurrently") {
			return probe{}, false
		}
		t.take("if", "not", "exists")
		name := t.name()
		if !t.take("on") {
			return probe{}, false
		}
		t.take("only")
		table := t.name()
		return probe{kind: probeIndex, name: name, table: table, repairable: true}, name != "" && table != ""
	case t.take("drop", "index", "concurrently"):
		t.take("if", "exists")
		name := t.name()
		t.take("restrict")
		return probe{kind: probeNoIndex, name: name}, name != "" && t.done()
	case t.take("alter", "table"):
		t.take("if", "exists")
		t.take("only")
		table := t.name()
		switch {
		case t.take("validate", "constraint"):
			name := t.name()
			return probe{kind: probeValidated, table: table, name: name}, name != "" && t.done()
		case t.take("detach", "partition"):
			name := t.name()
			return probe{kind: probeDetached, table: table, name: name}, name != "" && t.take("concurrently") && t.done()
		}
	case t.take("alter", "type"):
		name := t.name()
		if t.take("add", "value") {
			t.take("if", "not", "exists")
			label := t.next()
			return probe{kind: probeLabel, name: name, label: label}, strings.HasPrefix(label, "'")
		}
	}
	return probe{}, false
}

// tokens are the words of a statement, taken from the left.
type tokens struct {
	words []string
}

func (t *tokens) done() bool { return len(t.words) == 0 }

func (t *tokens) take(words ...string) bool {
	if !has(t.words, words...) {
		return false
	}
	t.words = t.words[len(words):]
	return true
}

func (t *tokens) next() string {
	if t.done() {
		return ""
	}
	word := t.words[0]
	t.words = t.words[1:]
	return word
}

// name takes a name, qualified or not, as SQL.
func (t *tokens) name() string {
	out := ""
	for {
		part := t.next()
		if part == "" || part[0] != '"' && !isName(part) {
			return ""
		}
		if part[0] != '"' {
			part = sqltext.Ident(part)
		}
		out += part
		if !t.take(".") {
			return out
		}
		out += "."
	}
}

func isName(word string) bool {
	c := word[0]
	return c == '_' || c >= 'a' && c <= 'z' || c >= 0x80
}

func (p probe) String() string { return fmt.Sprintf("%d %s %s %s", p.kind, p.table, p.name, p.label) }
