package sqltext

import "strings"

// TokenKind tells tokens apart.
type TokenKind int

// The kinds of tokens.
const (
	Word   TokenKind = iota + 1 // a keyword or a name without quotes; its text is in lower case
	Quoted                      // a name in quotes; its text is without them
	String                      // any string; its text is as written
	Number
	Symbol // one byte of punctuation or of an operator
)

// Token is one token of a statement.
//
//   - Units: Start and End are byte offsets.
type Token struct {
	Kind       TokenKind
	Text       string
	Start, End int
}

// Tokens takes a statement apart; comments are left out. What is opened and not
// closed ends the list: the server says what is wrong with it.
func Tokens(sql string) []Token {
	var out []Token
	for i := 0; i < len(sql); {
		c, end, kind := sql[i], i+1, Symbol
		switch {
		case c == ' ' || c >= '\t' && c <= '\r':
			i++
			continue
		case strings.HasPrefix(sql[i:], "--"):
			end = strings.IndexAny(sql[i:], "\r\n")
			if end < 0 {
				return out
			}
			i += end
			continue
		case strings.HasPrefix(sql[i:], "/*"):
			if end = commentEnd(sql, i); end < 0 {
				return out
			}
			i = end
			continue
		case c == '\'':
			kind, end = String, stringEnd(sql, i, false)
		case c == '"':
			kind, end = Quoted, quoteEnd(sql, i, '"', false)
		case c == '$':
			var err error
			if end, err = dollar(sql, i, func(token, int, int) {}); err != nil {
				end = -1
			}
			if end > i+1 && sql[end-1] == '$' {
				kind = String
			}
		case nameStart(c):
			kind = Word
			for end = i; end < len(sql) && (nameByte(sql[end]) || sql[end] == '$'); {
				end++
			}
			if end == i+1 && end < len(sql) && sql[end] == '\'' && strings.IndexByte("eEbBxXnN", c) >= 0 {
				kind, end = String, stringEnd(sql, end, c == 'e' || c == 'E')
			}
		case c >= '0' && c <= '9' || c == '.' && end < len(sql) && sql[end] >= '0' && sql[end] <= '9':
			kind = Number
			for end < len(sql) && (nameByte(sql[end]) || sql[end] == '.') {
				end++
			}
		}
		if end < 0 {
			return out
		}
		text := sql[i:end]
		switch kind {
		case Word:
			text = lower(text)
		case Quoted:
			text = strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
		case String, Number, Symbol:
		}
		out = append(out, Token{kind, text, i, end})
		i = end
	}
	return out
}
