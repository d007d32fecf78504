package sqltext

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Part is a piece of SQL text, or the number of the parameter that follows it.
type Part struct {
	SQL string
	Arg int // from 1; 0 for text
}

// Split takes text apart at its parameters $1, $2, …, as they stand outside of
// strings, quoted names and comments.
//
//   - Errors: quotes, comments or parentheses that are not closed or not opened; a
//     semicolon, which would begin a second statement.
func Split(sql string) ([]Part, error) {
	var parts []Part
	start, depth := 0, 0
	var problem error
	err := scan(sql, func(kind token, from, to int) {
		switch kind {
		case tokenArg:
			if from > start {
				parts = append(parts, Part{SQL: sql[start:from]})
			}
			n, err := strconv.Atoi(sql[from+1 : to])
			if err != nil || n < 1 || n > 65535 {
				problem = fmt.Errorf("sqltext: %s is no parameter; they are $1 to $65535", sql[from:to])
			}
			parts = append(parts, Part{Arg: n})
			start = to
		case tokenPunctuation:
			switch sql[from] {
			case ';':
				problem = errors.New("sqltext: a semicolon would end the statement; leave it out")
			case '(':
				depth++
			case ')':
				if depth--; depth < 0 {
					problem = errors.New("sqltext: a parenthesis is closed that was not opened")
				}
			}
		case tokenName:
		}
	})
	switch {
	case err != nil:
		return nil, err
	case problem != nil:
		return nil, problem
	case depth > 0:
		return nil, errors.New("sqltext: a parenthesis is not closed")
	}
	if start < len(sql) {
		parts = append(parts, Part{SQL: sql[start:]})
	}
	return parts, nil
}

// Named turns named parameters @name into numbered ones and lists their names in
// the order of the numbers. Text in strings, quoted names and comments stays, and
// so do operators such as @> and <@. Behind any operator but one that ends in =
// a parameter needs a space before it.
//
//   - Errors: as [Split], and numbered parameters among the named ones.
func Named(sql string) (text string, names []string, err error) {
	numbers := make(map[string]int)
	var out strings.Builder
	start := 0
	var problem error
	err = scan(sql, func(kind token, from, to int) {
		switch kind {
		case tokenArg:
			problem = fmt.Errorf("sqltext: the numbered parameter %s stands among named ones; use one kind", sql[from:to])
		case tokenName:
			name := sql[from+1 : to]
			n, seen := numbers[name]
			if !seen {
				names = append(names, name)
				n = len(names)
				numbers[name] = n
			}
			out.WriteString(sql[start:from])
			out.WriteString("$" + strconv.Itoa(n))
			start = to
		case tokenPunctuation:
		}
	})
	if err == nil {
		err = problem
	}
	if err != nil {
		return "", nil, err
	}
	out.WriteString(sql[start:])
	return out.String(), names, nil
}

// token is what [scan] finds outside of strings, quoted names and comments.
type token int

const (
	tokenArg         token = iota // $1
	tokenName                     // @name
	tokenPunctuation              // a parenthesis or semicolon
)

// scan calls found for each token of sql.
func scan(sql string, found func(kind token, from, to int)) error {
	for i := 0; i < len(sql); {
		switch c := sql[i]; {
		case c == '\'':
			end := stringEnd(sql, i, false)
			if end < 0 {
				return errors.New("sqltext: a string is not closed")
			}
			i = end
		case c == '"':
			end := quoteEnd(sql, i, '"', false)
			if end < 0 {
				return errors.New("sqltext: a quoted name is not closed")
			}
			i = end
		case strings.HasPrefix(sql[i:], "--"):
			line := strings.IndexAny(sql[i:], "\r\n")
			if line < 0 {
				return nil
			}
			i += line
		case strings.HasPrefix(sql[i:], "/*"):
			end := commentEnd(sql, i)
			if end < 0 {
				return errors.New("sqltext: a comment is not closed")
			}
			i = end
		case c == '$':
			end, err := dollar(sql, i, found)
			if err != nil {
				return err
			}
			i = end
		case c == '@' && i+1 < len(sql) && nameStart(sql[i+1]) && (i == 0 || !endsOperator(sql[i-1])):
			end := i + 2
			for end < len(sql) && nameByte(sql[end]) {
				end++
			}
			found(tokenName, i, end)
			i = end
		case c == '(' || c == ')' || c == ';':
			found(tokenPunctuation, i, i+1)
			i++
		case nameStart(c):
			start := i
			for i < len(sql) && (nameByte(sql[i]) || sql[i] == '$') {
				i++
			}
			if i == start+1 && (c == 'e' || c == 'E') && i < len(sql) && sql[i] == '\'' {
				if i = stringEnd(sql, i, true); i < 0 {
					return errors.New("sqltext: a string is not closed")
				}
			}
		default:
			i++
		}
	}
	return nil
}

// stringEnd is behind the string that begins at i. It goes on, by the same rules,
// in one that stands on a line below with nothing between.
func stringEnd(sql string, i int, backslash bool) int {
	for {
		end := quoteEnd(sql, i, '\'', backslash)
		if end < 0 || !backslash {
			return end
		}
		if i = continued(sql, end); i < 0 {
			return end
		}
	}
}

// continued is where a string goes on that ended at i; -1 when it does not.
func continued(sql string, i int) int {
	for line := false; i < len(sql); i++ {
		switch c := sql[i]; {
		case c == '\'' && line:
			return i
		case c == '\n' || c == '\r':
			line = true
		case strings.HasPrefix(sql[i:], "--"):
			n := strings.IndexAny(sql[i:], "\r\n")
			if n < 0 {
				return -1
			}
			i += n
			line = true
		case c != ' ' && (c < '\t' || c > '\f'):
			return -1
		}
	}
	return -1
}

func quoteEnd(sql string, i int, quote byte, backslash bool) int {
	for i++; i < len(sql); i++ {
		switch {
		case backslash && sql[i] == '\\':
			i++
		case sql[i] != quote:
		case i+1 < len(sql) && sql[i+1] == quote:
			i++
		default:
			return i + 1
		}
	}
	return -1
}

func commentEnd(sql string, i int) int {
	depth := 0
	for ; i+1 < len(sql); i++ {
		switch sql[i : i+2] {
		case "/*":
			depth++
			i++
		case "*/":
			i++
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// dollar is behind a parameter $1 or a string $tag$…$tag$.
func dollar(sql string, i int, found func(token, int, int)) (int, error) {
	end := i + 1
	for end < len(sql) && sql[end] >= '0' && sql[end] <= '9' {
		end++
	}
	if end > i+1 {
		found(tokenArg, i, end)
		return end, nil
	}
	for end < len(sql) && nameByte(sql[end]) {
		end++
	}
	if end == len(sql) || sql[end] != '$' {
		return i + 1, nil
	}
	tag := sql[i : end+1]
	rest := strings.Index(sql[end+1:], tag)
	if rest < 0 {
		return 0, errors.New("sqltext: a string " + tag + " is not closed")
	}
	return end + 1 + rest + len(tag), nil
}

func nameStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func nameByte(c byte) bool { return nameStart(c) || c >= '0' && c <= '9' }

// endsOperator tells whether an @ behind c belongs to an operator such as <@, @@
// or ^@. None ends in =@, so that id=@id has a parameter.
func endsOperator(c byte) bool { return strings.IndexByte("+-*/<>~!@#%^&|`?", c) >= 0 }
