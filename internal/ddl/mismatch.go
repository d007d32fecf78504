package ddl

import (
	"fmt"
	"strings"
)

// Mismatch is one point in which a database does not do for the models.
//
//   - Shape: Table or Enum is set; Column is empty for what is about the whole
//     table. Problem says what is wrong, Remedy what to do about it.
type Mismatch struct {
	Table   string
	Column  string
	Enum    string
	Problem string
	Remedy  string
}

// String writes m on one line.
func (m Mismatch) String() string {
	where := "table " + m.Table
	switch {
	case m.Enum != "":
		where = "enum " + m.Enum
	case m.Column != "":
		where += ": column " + m.Column
	}
	return where + ": " + m.Problem + "; " + m.Remedy
}

// VerifyError lists everything in which a database does not do for the models.
//
//   - Shape: Mismatches in the order of the models, never empty.
type VerifyError struct {
	Mismatches []Mismatch
}

// Error lists every mismatch with its remedy, one per line.
func (e *VerifyError) Error() string {
	places := "1 place"
	if n := len(e.Mismatches); n != 1 {
		places = fmt.Sprintf("%d places", n)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "retort: Verify: the database does not fit the models in %s; see docs/errors.md#verify", places)
	for _, m := range e.Mismatches {
		b.WriteString("\n" + m.String())
	}
	return b.String()
}
