package api

import "strings"

// wordings are Huma's messages that a client could misread, and ours: what stands
// between the two halves is kept.
var wordings = [...]struct{ before, after, ours, rest string }{
	{"expected required property ", " to be present", `"`, `" is missing`},
	{`expected value to be one of "`, `"`, "must be one of ", ""},
	{"expected number >= ", "", "must be ", " or more"},
	{"expected number <= ", "", "must be ", " or less"},
	{"expected length >= ", "", "must have at least ", " characters"},
	{"expected length <= ", "", "must have at most ", " characters"},
	{"expected string", "", "must be a string", ""},
	{"expected object", "", "must be a JSON object", ""},
	{"invalid integer", "", "must be a whole number", ""},
}

// reword says Huma's message in our words; one that is not known stays.
func reword(message string) string {
	for _, w := range wordings {
		inner, begins := strings.CutPrefix(message, w.before)
		inner, ends := strings.CutSuffix(inner, w.after)
		whole := w.rest == "" && w.after == "" // the message is before and nothing else
		if begins && ends && (!whole || inner == "") {
			return strings.Replace(w.ours+inner+w.rest, " 1 characters", " 1 character", 1)
		}
	}
	return message
}
