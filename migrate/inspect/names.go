package inspect

import (
	"go/token"
	"strconv"
	"strings"
	"unicode"
)

// naming hands out Go names, each once.
type naming map[string]bool

// take is name, or name with a number behind it.
func (n naming) take(name string) string {
	unique := name
	for i := 2; n[unique]; i++ {
		unique = name + strconv.Itoa(i)
	}
	n[unique] = true
	return unique
}

var initialisms = map[string]bool{
	"id": true, "url": true, "uri": true, "uuid": true, "http": true, "https": true, "api": true, "json": true, "xml": true,
	"html": true, "ip": true, "sql": true, "db": true, "ttl": true, "tls": true, "ssh": true, "utc": true,
}

// exported is the Go name of an SQL name: order_items becomes OrderItems.
func exported(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var b strings.Builder
	for _, word := range words {
		if initialisms[strings.ToLower(word)] {
			b.WriteString(strings.ToUpper(word))
			continue
		}
		if word == strings.ToUpper(word) {
			word = strings.ToLower(word)
		}
		runes := []rune(word)
		runes[0] = unicode.ToUpper(runes[0])
		b.WriteString(string(runes))
	}
	out := b.String()
	if out == "" {
		return "X"
	}
	if first := []rune(out)[0]; !unicode.IsUpper(first) || !token.IsIdentifier(out) {
		out = "X" + out
	}
	return out
}

// singular is a noun for one row of a table.
func singular(name string) string {
	lower := strings.ToLower(name)
	has := func(suffixes ...string) bool {
		for _, suffix := range suffixes {
			if strings.HasSuffix(lower, suffix) && len(lower) > len(suffix) {
				return true
			}
		}
		return false
	}
	switch {
	case has("ies") && len(lower) > 4:
		return name[:len(name)-3] + "y"
	case has("sses", "xes", "ches", "shes", "zes"):
		return name[:len(name)-2]
	case has("ss", "us", "is", "news", "series"):
		return name
	case has("s"):
		return name[:len(name)-1]
	default:
		return name
	}
}
