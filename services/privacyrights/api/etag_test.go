package api

import (
	"errors"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, header string
		strong, weak bool
		err          error
	}{
		{"any", `*`, true, true, nil},
		{"any with space", ` * `, true, true, nil},
		{"the tag", `"3"`, true, true, nil},
		{"another tag", `"4"`, false, false, nil},
		{"a tag that only begins alike", `"33"`, false, false, nil},
		{"weak", `W/"3"`, false, true, nil},
		{"a list with it", `"1", "3"`, true, true, nil},
		{"a list with it weak", `"1" ,W/"3"`, false, true, nil},
		{"a list without it", `"1","2"`, false, false, nil},
		{"empty elements", `, ,"3",,`, true, true, nil},
		{"a tag that holds a comma", `"a,b", "3"`, true, true, nil},
		{"the empty tag", `""`, false, false, nil},
		{"nothing", ``, false, false, errETag},
		{"only commas", `,,`, false, false, errETag},
		{"no quotes", `3`, false, false, errETag},
		{"an open quote", `"3`, false, false, errETag},
		{"space between tags", `"3" "4"`, false, false, errETag},
		{"text behind a tag", `"3"x`, false, false, errETag},
		{"space in a tag", `"3 "`, false, false, errETag},
		{"a small w", `w/"3"`, false, false, errETag},
		{"any within a list", `"3", *`, false, false, errETag},
		{"wrong behind a match", `"3", 4`, false, false, errETag},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got, err := matchStrong(tt.header, etag(3)); got != tt.strong || !errors.Is(err, tt.err) {
				t.Errorf("strong: %t, %v", got, err)
			}
			if got, err := matchWeak(tt.header, etag(3)); got != tt.weak || !errors.Is(err, tt.err) {
				t.Errorf("weak: %t, %v", got, err)
			}
		})
	}
}

func FuzzMatch(f *testing.F) {
	for _, seed := range []string{`*`, `"3"`, `W/"3", "4"`, `,,"`, `"a"b`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		strong, err := matchStrong(header, etag(3))
		weak, err2 := matchWeak(header, etag(3))
		if !errors.Is(err2, err) || strong && !weak {
			t.Errorf("%q: strong %t %v, weak %t %v", header, strong, err, weak, err2)
		}
	})
}
