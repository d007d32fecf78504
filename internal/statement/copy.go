package statement

import (
	"fmt"
	"regexp"
	"strings"
)

// copyIn takes COPY … FROM STDIN apart: the table with its list of columns.
var copyIn = regexp.MustCompile(`(?is)^\s*(?:/\*.*?\*/\s*)*COPY\s+((?:"(?:[^"]|"")*"|[^"(\s])+)\s*\((.*?)\)\s+FROM\s+STDIN`)

// Checkable is a statement that the server plans in place of sql: an INSERT in
// place of COPY … FROM STDIN, which asks the same of its table; else sql itself.
func Checkable(sql string) string {
	found := copyIn.FindStringSubmatch(sql)
	if found == nil {
		return sql
	}
	count, quoted := 1, false
	for _, c := range found[2] {
		switch {
		case c == '"':
			quoted = !quoted
		case c == ',' && !quoted:
			count++
		}
	}
	values := make([]string, count)
	for i := range values {
		values[i] = fmt.Sprintf("$%d", i+1)
	}
	return "INSERT INTO " + found[1] + " (" + found[2] + ") VALUES (" + strings.Join(values, ", ") + ")"
}
