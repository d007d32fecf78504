package api

import (
	"errors"
	"strconv"
	"strings"
)

// errETag is the answer to a header that is no list of entity tags.
var errETag = errors.New(`api: the header must be * or a list of entity tags such as "3"`)

// etag is the strong entity tag of a version.
func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// matchStrong reports whether an If-Match header admits tag: * does, and any
// strong tag of the list that is equal. Weak tags never do.
//
//   - Source: RFC 9110, 13.1.1 and 8.8.3.2.
func matchStrong(header, tag string) (bool, error) {
	return match(header, func(weak bool, t string) bool { return !weak && t == tag })
}

// matchWeak reports whether an If-None-Match header names tag, weak or not.
//
//   - Source: RFC 9110, 13.1.2.
func matchWeak(header, tag string) (bool, error) {
	return match(header, func(_ bool, t string) bool { return t == tag })
}

// match reads the whole list before it answers, so that a header is either
// right or wrong whatever the tag.
func match(header string, admits func(weak bool, tag string) bool) (bool, error) {
	if strings.Trim(header, " \t") == "*" {
		return true, nil
	}
	const between = " \t," // empty elements are allowed
	found, tags := false, 0
	for rest := strings.TrimLeft(header, between); rest != ""; rest = strings.TrimLeft(rest, between) {
		opaque, weak := strings.CutPrefix(rest, "W/")
		tag, after, ok := cutTag(opaque)
		if !ok || after != "" && after[0] != ',' {
			return false, errETag
		}
		found = found || admits(weak, tag)
		tags++
		rest = after
	}
	if tags == 0 {
		return false, errETag
	}
	return found, nil
}

// cutTag splits a quoted tag, quotes included, from what follows.
func cutTag(s string) (tag, after string, ok bool) {
	if !strings.HasPrefix(s, `"`) {
		return "", "", false
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 || strings.ContainsAny(s[1:end+1], " \t") {
		return "", "", false
	}
	return s[:end+2], strings.TrimLeft(s[end+2:], " \t"), true
}
