package autogenerate

import "strings"

// same reports whether two texts of the server say the same. They are equal, but
// for what it writes in one way where it made it itself, and in another where it has
// read its own words, which a revision's file holds:
//
//   - (a OR b) OR c, as of (x, y) IN (…), is read back as a OR b OR c;
//   - (ARRAY[a, b])::text[], as of a varchar IN ('a', 'b'), is read back as
//     ARRAY[(a)::text, (b)::text].
func same(a, b string) bool { return a == b || rendered(a) == rendered(b) }

// rendered is a text of the server as it writes it once it has read it.
func rendered(text string) string { return flat(pushed(text)) }

// pushed pushes the cast of an array in brackets down to its elements.
//
//   - Source: transformTypeCast and transformArrayExpr in PostgreSQL's parse_expr.c.
func pushed(text string) string {
	const opens = "(ARRAY["
	for from := 0; ; {
		i := strings.Index(text[from:], opens)
		if i < 0 {
			return text
		}
		i += from
		from = i + len(opens)
		elements, n := elementsOf(text[from:])
		rest, found := strings.CutPrefix(text[min(from+n, len(text)):], "])::")
		typ, behind, array := strings.Cut(rest, "[]")
		if !found || !array || strings.ContainsAny(typ, "[]'=<>+") {
			continue
		}
		for j, e := range elements {
			elements[j] = "(" + e + ")::" + typ
		}
		text = text[:i] + "ARRAY[" + strings.Join(elements, ", ") + "]" + behind
		from = i + len("ARRAY[")
	}
}

// elementsOf splits what stands before the bracket that closes it, and says where that
// is: behind the text where there is none.
func elementsOf(text string) ([]string, int) {
	var out []string
	depth, begin := 0, 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case '\'', '"':
			i = closing(text, i) - 1
		case '(', '[':
			depth++
		case ')', ']':
			if depth == 0 {
				return append(out, text[begin:i]), i
			}
			depth--
		case ',':
			if depth == 0 {
				out = append(out, text[begin:i])
				begin = i + len(", ")
			}
		}
	}
	return nil, len(text)
}

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
