package sqltext

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Statement is one of the statements of a text.
//
//   - Shape: SQL begins at its first word and ends with its last, before the
//     semicolon; comments in between are part of it.
//   - Units: Line and End count lines of the whole text from 1; Start is a byte
//     offset.
type Statement struct {
	SQL      string
	Line     int // of its first word
	End      int // of its semicolon
	Start    int
	Comments []Comment // before it, inside it, and behind it on its last line
}

// Place says where a comment stands to its statement.
type Place int

// The places of comments.
const (
	Before Place = iota
	Inside
	Behind // its semicolon, on the same line
)

// Comment is one comment of a text, its marks included.
type Comment struct {
	Text  string
	Line  int // where it begins
	Place Place
}

// SyntaxError says why a text cannot be taken apart into statements.
type SyntaxError struct {
	Line    int // where what was not closed begins
	Problem string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Problem) }

// Statements takes a text apart at the semicolons that end its statements: not
// those in strings, quoted names, comments, parentheses and bodies of BEGIN ATOMIC.
//
//   - Shape: in order; empty statements are left out. Comments behind the last
//     statement's line come back on their own. The rows behind COPY … FROM STDIN are
//     left out, where a line \. ends them.
//   - Errors: [*SyntaxError] for a text that is not UTF-8, has a NUL byte, or does
//     not close what it opens.
//   - Source: the rules of PostgreSQL's psqlscan.l.
func Statements(text string) ([]Statement, []Comment, error) {
	if at := strings.IndexByte(text, 0); at >= 0 {
		return nil, nil, &SyntaxError{1 + strings.Count(text[:at], "\n"), "a NUL byte: this is no text"}
	}
	if !utf8.ValidString(text) {
		return nil, nil, &SyntaxError{1, "this is not UTF-8 text"}
	}
	w := walker{text: text, line: 1, start: -1}
	for w.at < len(text) {
		if err := w.step(); err != nil {
			return nil, nil, err
		}
	}
	if w.start >= 0 {
		switch {
		case w.parens > 0:
			return nil, nil, &SyntaxError{w.first, "a statement opens a parenthesis and does not close it"}
		case w.blocks > 0:
			return nil, nil, &SyntaxError{w.first, "a statement opens BEGIN ATOMIC and has no END"}
		}
		w.end()
	}
	return w.found, w.comments, nil
}

// walker reads a text once, from token to token.
type walker struct {
	text     string
	at       int
	line     int
	start    int // of the open statement; -1 between two
	last     int // behind its last token
	first    int // line of start
	words    []string
	parens   int
	blocks   int // BEGIN ATOMIC and what it nests
	comments []Comment
	found    []Statement
}

// step passes one token.
func (w *walker) step() error {
	text, i := w.text, w.at
	switch c := text[i]; {
	case c == '\n':
		w.line++
		w.at++
	case c == ' ' || c >= '\t' && c <= '\r':
		w.at++
	case strings.HasPrefix(text[i:], "--"):
		end := strings.IndexAny(text[i:], "\r\n")
		if end < 0 {
			end = len(text) - i
		}
		w.comment(i + end)
	case strings.HasPrefix(text[i:], "/*"):
		end := commentEnd(text, i)
		if end < 0 {
			return &SyntaxError{w.line, "a comment is opened and not closed"}
		}
		w.comment(end)
	case c == ';':
		w.semicolon()
	case c == '\\' && w.start < 0:
		return &SyntaxError{w.line, "a backslash command is psql's own; only SQL can stand here"}
	default:
		w.open()
		return w.token(c)
	}
	return nil
}

// open begins a statement, if none is open.
func (w *walker) open() {
	if w.start < 0 {
		w.start, w.first, w.words, w.parens, w.blocks = w.at, w.line, nil, 0, 0
	}
}

// token passes what is neither blank nor comment nor semicolon.
func (w *walker) token(c byte) error {
	text, i := w.text, w.at
	end, what := i+1, ""
	switch {
	case c == '\'':
		end, what = stringEnd(text, i, false), "a string"
	case c == '"':
		end, what = quoteEnd(text, i, '"', false), "a quoted name"
	case c == '$':
		var err error
		if end, err = dollar(text, i, func(token, int, int) {}); err != nil {
			end, what = -1, strings.TrimSuffix(strings.TrimPrefix(err.Error(), "sqltext: "), " is not closed")
		}
	case c == '(':
		w.parens++
	case c == ')':
		w.parens = max(0, w.parens-1) // one too many is the server's to name
	case nameStart(c):
		for end = i; end < len(text) && (nameByte(text[end]) || text[end] == '$'); {
			end++
		}
		if end == i+1 && (c == 'e' || c == 'E') && end < len(text) && text[end] == '\'' {
			end, what = stringEnd(text, end, true), "a string"
			break
		}
		w.word(text[i:end])
	case c >= '0' && c <= '9':
		for end < len(text) && nameByte(text[end]) {
			end++
		}
	}
	if end < 0 {
		return &SyntaxError{w.line, what + " is opened and not closed"}
	}
	w.line += strings.Count(text[i:end], "\n")
	w.at, w.last = end, end
	return nil
}

// word follows what opens and closes a body of BEGIN ATOMIC.
func (w *walker) word(word string) {
	if len(w.words) < 4 {
		w.words = append(w.words, lower(word))
	}
	if w.parens > 0 || !w.routine() {
		return
	}
	switch lower(word) {
	case "begin":
		w.blocks++
	case "case":
		if w.blocks > 0 {
			w.blocks++
		}
	case "end":
		w.blocks = max(0, w.blocks-1)
	}
}

// routine tells whether the open statement creates a function or procedure.
func (w *walker) routine() bool {
	words := w.words
	if len(words) > 2 && words[1] == "or" && words[2] == "replace" {
		words = append([]string{words[0]}, words[3:]...)
	}
	return len(words) > 1 && words[0] == "create" && (words[1] == "function" || words[1] == "procedure")
}

func (w *walker) semicolon() {
	switch {
	case w.start < 0:
		w.at++
	case w.parens == 0 && w.blocks == 0:
		w.end()
		w.at++
		w.data()
	default:
		w.at++
		w.last = w.at
	}
}

// data passes the rows behind COPY … FROM STDIN as far as the line that ends them:
// they are no SQL, and a quote in them opens nothing.
func (w *walker) data() {
	if len(w.words) == 0 || w.words[0] != "copy" {
		return
	}
	words := Words(w.found[len(w.found)-1].SQL, -1)
	if at := slices.Index(words, "stdin"); at < 1 || words[at-1] != "from" {
		return
	}
	passed := w.at
	for line := range strings.Lines(w.text[w.at:]) {
		passed += len(line)
		if strings.TrimRight(line, "\r\n") == `\.` {
			w.line += strings.Count(w.text[w.at:passed], "\n")
			w.at = passed
			return
		}
	}
}

// end closes the open statement.
func (w *walker) end() {
	w.found = append(w.found, Statement{
		SQL: w.text[w.start:w.last], Line: w.first, End: w.line, Start: w.start, Comments: w.comments,
	})
	w.start, w.comments = -1, nil
}

// comment keeps a comment that ends at end.
func (w *walker) comment(end int) {
	c := Comment{Text: w.text[w.at:end], Line: w.line}
	last := len(w.found) - 1
	switch {
	case w.start >= 0:
		c.Place = Inside
		w.comments = append(w.comments, c)
	case last >= 0 && w.found[last].End == w.line:
		c.Place = Behind
		w.found[last].Comments = append(w.found[last].Comments, c)
	default:
		w.comments = append(w.comments, c)
	}
	w.line += strings.Count(c.Text, "\n")
	w.at = end
}

// Words is the beginning of a statement in lower case for a shallow look: names
// without quotes where they need none, punctuation on its own, strings as they
// stand, comments left out.
//
//   - Shape: most tokens at most; all of them for a negative number.
func Words(sql string, most int) []string {
	var out []string
	for _, t := range Tokens(sql) {
		if len(out) == most {
			break
		}
		text := t.Text
		if t.Kind == Quoted && !plain(text) {
			text = sql[t.Start:t.End]
		}
		out = append(out, text)
	}
	return out
}

// lower folds a name as the server does: letters of ASCII alone.
func lower(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, name)
}

// plain tells whether a name means the same without quotes.
func plain(name string) bool {
	if name == "" || !nameStart(name[0]) {
		return false
	}
	for i := range len(name) {
		if !nameByte(name[i]) || name[i] >= 'A' && name[i] <= 'Z' || name[i] >= 0x80 {
			return false
		}
	}
	return true
}
