package inspect

import (
	"strings"

	"github.com/retort-go/retort/schema"
)

// The server's own texts are read here: they are regular, quotes and parentheses
// always pair up.

// skip is the place behind the string, quoted name or group in parentheses that
// begins at i, or behind the one character there.
func skip(text string, i int) int {
	switch c := text[i]; c {
	case '\'', '"':
		for i++; i < len(text); i++ {
			if text[i] == c {
				if i+1 < len(text) && text[i+1] == c {
					i++
					continue
				}
				return i + 1
			}
		}
		return len(text)
	case '(', '[':
		end := map[byte]byte{'(': ')', '[': ']'}[c]
		for i++; i < len(text); {
			if text[i] == end {
				return i + 1
			}
			i = skip(text, i)
		}
		return len(text)
	default:
		return i + 1
	}
}

// list splits at the commas that are in no string, name or group.
func list(text string) []string {
	var out []string
	from := 0
	for i := 0; i < len(text); {
		if text[i] == ',' {
			out = append(out, strings.TrimSpace(text[from:i]))
			from = i + 1
		}
		i = skip(text, i)
	}
	return append(out, strings.TrimSpace(text[from:]))
}

// group is what stands in the first parentheses of text, and what comes before and
// behind them.
func group(text string) (before, inside, behind string) {
	for i := 0; i < len(text); {
		end := skip(text, i)
		if text[i] == '(' {
			return text[:i], text[i+1 : end-1], text[end:]
		}
		i = end
	}
	return text, "", ""
}

// unquote is a name without the quotes that SQL needs.
func unquote(name string) string {
	name = strings.TrimSpace(name)
	if strings.HasPrefix(name, `"`) && strings.HasSuffix(name, `"`) && len(name) > 1 {
		return strings.ReplaceAll(name[1:len(name)-1], `""`, `"`)
	}
	return name
}

func names(text string) []string {
	if strings.TrimSpace(text) == "" {
		return nil
	}
	out := list(text)
	for i := range out {
		out[i] = unquote(out[i])
	}
	return out
}

// bare takes away one pair of parentheses that is around all of it.
func bare(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "(") && skip(text, 0) == len(text) {
		return text[1 : len(text)-1]
	}
	return text
}

// part reads one item of an index or exclusion constraint: a column or expression,
// then COLLATE, an operator class, an order.
func part(text string) schema.IndexPart {
	text = strings.TrimSpace(text)
	end := 0
	for end < len(text) && text[end] != ' ' {
		end = skip(text, end)
	}
	head, rest := text[:end], strings.TrimSpace(text[end:])
	var p schema.IndexPart
	if strings.ContainsRune(strings.ReplaceAll(head, unquoted(head), ""), '(') || strings.HasPrefix(head, "(") || strings.HasSuffix(head, ")") {
		p.Expression = bare(head)
	} else {
		p.Column = unquote(head)
	}
	for rest != "" {
		end := 0
		for end < len(rest) && rest[end] != ' ' {
			end = skip(rest, end)
		}
		word := rest[:end]
		rest = strings.TrimSpace(rest[end:])
		switch word {
		case "COLLATE":
			end = 0
			for end < len(rest) && rest[end] != ' ' {
				end = skip(rest, end)
			}
			p.Collation, rest = unquote(rest[:end]), strings.TrimSpace(rest[end:])
		case "ASC":
		case "DESC":
			p.Desc = true
		case "NULLS":
			p.Nulls = schema.NullsFirst
			if strings.HasPrefix(rest, "LAST") {
				p.Nulls = schema.NullsLast
			}
			_, rest, _ = strings.Cut(rest, " ")
		default:
			p.OperatorClass = word
		}
	}
	return p
}

// unquoted is a quoted name as it stands, for texts that are nothing else.
func unquoted(head string) string {
	if strings.HasPrefix(head, `"`) && skip(head, 0) == len(head) {
		return head
	}
	return "\x00"
}
