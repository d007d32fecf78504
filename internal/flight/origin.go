package flight

import "strings"

// Origin is sql as it is sent: with a comment that names where it comes from, for
// pg_stat_activity and the server's log. Text that has such a comment stays as it
// is.
//
// The comment stands behind text that Retort did not write, so that the server's
// error positions stay right, on a line of its own, since the text may end in a
// comment.
func Origin(sql, origin string) string {
	if strings.Contains(sql, "/* retort:") {
		return sql
	}
	return sql + "\n/* retort:" + origin + " */"
}

// sent is the text that the server parses for s. It is made only when a statement
// is parsed, so that the registry keeps the caller's own text as its key.
func (s *Statement) sent() string {
	switch {
	case s.Raw:
		return Origin(s.SQL, "raw")
	case s.SQL == "BEGIN":
		return "/* retort:flight.begin */ BEGIN"
	case s.begins && !strings.HasPrefix(s.SQL, "/*"):
		return "/* retort:flight.begin */ " + s.SQL
	default:
		return s.SQL
	}
}
