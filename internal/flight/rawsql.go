package flight

import "strings"

// rawKind is what a command of the user's own does to the session beyond what
// Reset undoes.
type rawKind uint8

const (
	rawPlain  rawKind = iota
	rawPoison         // the connection cannot be handed on
	rawForget         // and our prepared statements are gone
	rawCopy           // COPY from or to the client
	rawCommit         // commits the transaction it runs in
)

// rawEffect looks at the first words of sql. What functions and DO blocks run
// inside stays unseen.
func rawEffect(sql string) rawKind {
	word, rest := commandWord(sql)
	switch word {
	case "LOAD":
		return rawPoison
	case "PREPARE":
		if next, _ := commandWord(rest); next == "TRANSACTION" {
			return rawCommit
		}
		return rawPoison
	case "COMMIT", "END":
		return rawCommit
	case "DEALLOCATE":
		return rawForget
	case "DISCARD":
		if next, _ := commandWord(rest); next == "ALL" {
			return rawForget
		}
	case "COPY":
		upper := strings.ToUpper(rest)
		if strings.Contains(upper, "STDIN") || strings.Contains(upper, "STDOUT") {
			return rawCopy
		}
	}
	return rawPlain
}

// skipBlank drops leading white space and comments; block comments nest.
func skipBlank(sql string) string {
	for {
		sql = strings.TrimLeft(sql, " \t\r\n\f\v;")
		switch {
		case strings.HasPrefix(sql, "--"):
			line := strings.IndexAny(sql, "\r\n")
			if line < 0 {
				return ""
			}
			sql = sql[line:]
		case strings.HasPrefix(sql, "/*"):
			sql = skipBlockComment(sql)
		default:
			return sql
		}
	}
}

func skipBlockComment(sql string) string {
	depth := 0
	for i := 0; i+1 < len(sql); i++ {
		switch sql[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				return sql[i+1:]
			}
		}
	}
	return ""
}

// commandWord is the first word of sql in upper case, behind comments and blanks,
// and the text that follows it.
func commandWord(sql string) (word, rest string) {
	sql = skipBlank(sql)
	n := 0
	for n < len(sql) && (sql[n]|0x20) >= 'a' && (sql[n]|0x20) <= 'z' {
		n++
	}
	return strings.ToUpper(sql[:n]), sql[n:]
}
