package observe

import "strings"

// words cuts SQL into words: names with their dots and quotes, parentheses,
// commas. Comments, strings, numbers, parameters and operators are left out.
type words struct {
	sql    string
	at     int
	peeked string
}

// peek returns the word that next will, "" at the end.
func (w *words) peek() string {
	if w.peeked == "" {
		w.peeked = w.scan()
	}
	return w.peeked
}

func (w *words) next() string {
	out := w.peek()
	w.peeked = ""
	return out
}

func (w *words) scan() string {
	for w.at < len(w.sql) {
		rest := w.sql[w.at:]
		switch c := rest[0]; {
		case strings.HasPrefix(rest, "--"):
			w.skipTo("\n", 2)
		case strings.HasPrefix(rest, "/*"):
			w.comment()
		case c == '\'':
			w.quoted(false)
		case (c == 'e' || c == 'E') && len(rest) > 1 && rest[1] == '\'':
			w.at++
			w.quoted(true)
		case c == '$':
			w.dollar(rest)
		case c == '(' || c == ')' || c == ',':
			w.at++
			return rest[:1]
		case c == '"' || c == '_' || c >= 0x80 || letter(c):
			return w.name()
		case '0' <= c && c <= '9':
			w.at++
			for w.at < len(w.sql) && (nameByte(w.sql[w.at]) || w.sql[w.at] == '.') {
				w.at++
			}
		default:
			w.at++
		}
	}
	return ""
}

// skipTo goes behind the next end, searched from n bytes on, or to the end.
func (w *words) skipTo(end string, n int) {
	i := strings.Index(w.sql[w.at+n:], end)
	if i < 0 {
		w.at = len(w.sql)
		return
	}
	w.at += n + i + len(end)
}

// comment skips a comment; they nest.
func (w *words) comment() {
	depth := 0
	for w.at < len(w.sql) {
		switch rest := w.sql[w.at:]; {
		case strings.HasPrefix(rest, "/*"):
			depth++
			w.at += 2
		case strings.HasPrefix(rest, "*/"):
			w.at += 2
			if depth--; depth == 0 {
				return
			}
		default:
			w.at++
		}
	}
}

// quoted skips a string; a doubled quote goes on as another string.
func (w *words) quoted(escapes bool) {
	for w.at++; w.at < len(w.sql); w.at++ {
		switch {
		case escapes && w.sql[w.at] == '\\':
			w.at++
		case w.sql[w.at] == '\'':
			w.at++
			return
		}
	}
	w.at = len(w.sql)
}

// dollar skips a parameter or a dollar-quoted string.
func (w *words) dollar(rest string) {
	end := 1
	for end < len(rest) && nameByte(rest[end]) && rest[end] != '$' {
		end++
	}
	if end < len(rest) && rest[end] == '$' && (end == 1 || rest[1] < '0' || rest[1] > '9') {
		w.skipTo(rest[:end+1], end+1)
		return
	}
	w.at += end
}

// name takes a name, its dots included.
func (w *words) name() string {
	start := w.at
	for w.at < len(w.sql) {
		switch c := w.sql[w.at]; {
		case c == '"':
			w.skipTo(`"`, 1)
		case nameByte(c), c == '.':
			w.at++
		default:
			return w.sql[start:w.at]
		}
	}
	return w.sql[start:]
}

func letter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }

func nameByte(c byte) bool {
	return letter(c) || c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9'
}
