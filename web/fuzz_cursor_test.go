package web

import (
	"bytes"
	"encoding/base64"
	"testing"
)

// FuzzCursor holds that a list takes the cursors that it gave, bound to what they
// were given for, and no others.
func FuzzCursor(f *testing.F) {
	p := &Pages[struct{ Title string }]{keys: [][]byte{[]byte("0123456789abcdef")}}
	sum := []byte(`"kind"="a"&sort="title"`)
	for _, seed := range []string{"", "=", "AAAA", "%", "\x00", p.seal(nil, sum), p.seal([]byte(`["Emma",1]`), sum), p.seal([]byte(`["Emma",1]`), nil)} {
		f.Add(seed, []byte(`["Emma",1]`), 3)
	}
	f.Fuzz(func(t *testing.T, cursor string, position []byte, at int) {
		if got, ok := p.open(cursor, sum); ok {
			given, err := base64.RawURLEncoding.DecodeString(p.seal(got, sum))
			if data, _ := base64.RawURLEncoding.DecodeString(cursor); err != nil || !bytes.Equal(data, given) {
				t.Errorf("took %q, which it did not give", cursor)
			}
		}
		sealed := p.seal(position, sum)
		if got, ok := p.open(sealed, sum); !ok || !bytes.Equal(got, position) {
			t.Errorf("refused its own cursor of %q, or made %q of it", position, got)
		}
		if _, ok := p.open(sealed, append([]byte("x"), sum...)); ok {
			t.Error("took the cursor of another list")
		}
		data, err := base64.RawURLEncoding.DecodeString(sealed)
		if err != nil {
			t.Fatal(err)
		}
		data[int(uint(at)%uint(len(data)))] ^= 1
		if _, ok := p.open(base64.RawURLEncoding.EncodeToString(data), sum); ok {
			t.Errorf("took a cursor with one bit turned at %d", at)
		}
	})
}
