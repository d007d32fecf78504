package autogenerate

import "strings"

// same reports whether two texts of the server say the same. They are equal, but for
// one thing: the server writes (a OR b) OR c where it made the chain itself, as of
// (x, y) IN (…), and reads that back as a OR b OR c.
func same(a, b string) bool { return a == b || flat(a) == flat(b) }

// flat takes the parentheses around the beginning of a longer chain of AND or OR
// away. They change nothing: both are associative.
//
//   - Source: makeAndExpr and makeOrExpr in PostgreSQL's gram.y.
func flat(text string) string {
	if !strings.Contains(text, "((") {
		return text
	}
	out, n := flatGroup(text)
	if n < len(text) { // a parenthesis that closes nothing: no text of the server
		return text
	}
	return out
}

// flatGroup flattens text up to the parenthesis that closes it, and returns how much
// of it that is.
func flatGroup(text string) (string, int) {
	var out strings.Builder
	lead := "" // the first operand, when it is a group
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '\'', '"':
			end := closing(text, i)
			out.WriteString(text[i:end])
			i = end
		case '(':
			inner, n := flatGroup(text[i+1:])
			if i+1+n == len(text) { // nothing closes it
				out.WriteString(text[i:])
				return out.String(), len(text)
			}
			if out.Len() == 0 {
				lead = inner
			}
			out.WriteString("(" + inner + ")")
			i += n + 2
		case ')':
			return opened(out.String(), lead), i
		default:
			out.WriteByte(c)
			i++
		}
	}
	return opened(out.String(), lead), len(text)
}

// opened takes the parentheses of lead away, with which text begins, when text goes on
// by lead's own operator.
func opened(text, lead string) string {
	if lead == "" {
		return text
	}
	rest := text[len(lead)+2:]
	for _, operator := range []string{" OR ", " AND "} {
		if strings.HasPrefix(rest, operator) && outermost(lead, operator) {
			return lead + rest
		}
	}
	return text
}

// outermost reports whether an operator is in text outside of parentheses and quotes.
func outermost(text, operator string) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\'', '"':
			i = closing(text, i) - 1
		case '(':
			depth++
		case ')':
			depth--
		case ' ':
			if depth == 0 && strings.HasPrefix(text[i:], operator) {
				return true
			}
		}
	}
	return false
}

// closing is where the quotes that open at i end. Two of them in a row end one
// string and begin the next, which comes to the same.
func closing(text string, i int) int {
	if n := strings.IndexByte(text[i+1:], text[i]); n >= 0 {
		return i + n + 2
	}
	return len(text)
}
