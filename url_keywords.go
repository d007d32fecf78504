package retort

import "strings"

// isKeywords tells libpq's keyword form, host=… user=…, from a URL: a word in
// lower case and an equals sign come first.
func isKeywords(raw string) bool {
	word, _, ok := strings.Cut(raw, "=")
	word = strings.Trim(word, keywordSpace)
	return ok && word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz_") == ""
}

// keywordSpace is what libpq takes for a space between keywords.
const keywordSpace = " \t\n\r\v\f"

// splitKeywords takes keywords and values apart: host=h password='a b' dbname=x.
//
// It is stricter than libpq where a forgotten quote would let a part of the
// password pass for another value: a value that begins without a quote holds
// none, and behind a closing one stands a space.
//
//   - Source: PostgreSQL manual, "Keyword/Value Connection Strings".
func splitKeywords(raw string) (*databaseURL, error) {
	u := &databaseURL{parameters: make(map[string]string), keywords: true}
	if strings.IndexByte(raw, 0) >= 0 {
		return nil, errURL("has a NUL; remove it")
	}
	for rest := strings.TrimLeft(raw, keywordSpace); rest != ""; rest = strings.TrimLeft(rest, keywordSpace) {
		name, behind, ok := strings.Cut(rest, "=")
		name = strings.TrimRight(name, keywordSpace)
		if !ok || name == "" || strings.ContainsAny(name, keywordSpace) {
			return nil, errURL("a keyword has no = behind it; write host=h user=u password='…', and put a value with a space between ' and '")
		}
		text := strings.TrimLeft(behind, keywordSpace)
		value, after, err := cutValue(text)
		if err != nil {
			return nil, err
		}
		if text != behind && !strings.HasPrefix(text, "'") && strings.Contains(value, "=") {
			// libpq would take "user= password=x" for the user "password=x".
			return nil, errURL("a keyword has no value; write '' for an empty one, and put a value with a = between ' and '")
		}
		if name == "database" {
			name = "dbname"
		}
		if _, twice := u.parameters[name]; twice {
			return nil, errURL("a keyword is given twice; give each once")
		}
		u.parameters[name], rest = value, after
	}
	u.override()
	return u, nil
}

// cutValue takes the value from the front of text: up to a space, or between
// quotes; a backslash takes the sign behind it as it is.
func cutValue(text string) (value, rest string, err error) {
	if inside, quoted := strings.CutPrefix(text, "'"); quoted {
		return cutQuoted(inside)
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case strings.IndexByte(keywordSpace, c) >= 0:
			return b.String(), text[i:], nil
		case c == '\'':
			return "", "", errURL("a value has a ' inside; put the value between ' and ', and write the one inside as \\'")
		case c == '\\':
			if i++; i < len(text) {
				b.WriteByte(text[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", nil
}

// cutQuoted takes the value up to the closing quote.
func cutQuoted(text string) (value, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c != '\'':
			b.WriteByte(c)
		case i+1 < len(text) && strings.IndexByte(keywordSpace, text[i+1]) < 0:
			return "", "", errURL("a closing ' is not followed by a space; write a ' inside a value as \\'")
		default:
			return b.String(), text[i+1:], nil
		}
	}
	return "", "", errURL("a value begins with ' and does not end with one")
}
