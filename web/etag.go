package web

import (
	"fmt"
	"net/http"
	"strings"
)

// IfMatch checks a request's If-Match header against the current entity tag, as
// [ETag] writes it: nil if the header is empty or holds the tag, else the 412.
//
// Comparison is strong, as RFC 9110 wants it for changes: a weak tag never
// matches. "*" matches whatever exists.
//
//		if err := web.IfMatch(in.IfMatch, strconv.FormatInt(r.Version, 10)); err != nil {
//			return nil, err
//		}
//
//	  - Errors: 412 of type [ProblemPreconditionFailed]; 400 for a broken header.
//	  - Source: RFC 9110, sections 8.8.3 and 13.1.1.
func IfMatch(header, tag string) error {
	if strings.TrimSpace(header) == "" {
		return nil
	}
	current, err := entityTag(tag)
	if err != nil {
		return err
	}
	matched, ok := matchTags(header, current, false)
	switch {
	case !ok:
		return malformed("header.If-Match", "must be * or a list of quoted entity tags")
	case matched:
		return nil
	default:
		return preconditionError()
	}
}

func preconditionError() *Error {
	return &Error{
		Status: http.StatusPreconditionFailed, Type: ProblemPreconditionFailed, Title: "Changed in between",
		Detail: "This is no longer the version that If-Match names. Read it again and repeat your change.",
	}
}

// entityTag puts a tag into the form of the header.
func entityTag(tag string) (string, error) {
	if tag == "" {
		return "", nil
	}
	opaque := tag
	if quoted := strings.TrimPrefix(tag, "W/"); len(quoted) >= 2 && quoted[0] == '"' && quoted[len(quoted)-1] == '"' {
		opaque = quoted[1 : len(quoted)-1]
	} else {
		tag = `"` + tag + `"`
	}
	for i := range len(opaque) {
		if !tagByte(opaque[i]) {
			return "", fmt.Errorf("web: ETag: byte %d of the tag is a quote, a space or a control character; use letters and digits", i)
		}
	}
	return tag, nil
}

// tagByte knows RFC 9110's etagc.
func tagByte(c byte) bool { return c == 0x21 || c >= 0x23 && c <= 0x7e || c >= 0x80 }

// matchTags reports whether a list of tags has the current one; ok is false for
// a list that is none. weak ignores the W/ of both sides. An empty current tag
// means that the thing has none: only "*" matches it.
func matchTags(list, current string, weak bool) (matched, ok bool) {
	rest := strings.TrimSpace(list)
	if rest == "*" {
		return true, true
	}
	for rest != "" {
		if rest[0] == ',' { // empty elements are allowed
			rest = strings.TrimLeft(rest[1:], " \t")
			continue
		}
		tag, after, ok := cutTag(rest)
		if !ok {
			return false, false
		}
		if weak {
			matched = matched || strings.TrimPrefix(tag, "W/") == strings.TrimPrefix(current, "W/")
		} else {
			matched = matched || tag == current && !strings.HasPrefix(tag, "W/")
		}
		rest = strings.TrimLeft(after, " \t")
		if rest != "" && rest[0] != ',' {
			return false, false
		}
	}
	return matched, true
}

// cutTag takes the first entity tag of a list.
func cutTag(list string) (tag, rest string, ok bool) {
	start := 0
	if strings.HasPrefix(list, "W/") {
		start = 2
	}
	if start >= len(list) || list[start] != '"' {
		return "", "", false
	}
	for i := start + 1; i < len(list); i++ {
		switch {
		case list[i] == '"':
			return list[:i+1], list[i+1:], true
		case !tagByte(list[i]):
			return "", "", false
		}
	}
	return "", "", false
}
