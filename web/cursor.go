package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
)

// OldKeys takes cursors that other keys have signed, too, such as the one before
// this: the key of [Paginate] signs, and clients that are between two pages go on.
// To change a key, let every machine take the new one first: as an old key.
//
//   - Errors: a key that is too short panics, at registration.
func (p *Pages[T]) OldKeys(keys ...[]byte) *Pages[T] {
	p.keys = append(p.keys[:1:1], cursorKeys("OldKeys", keys...)...)
	return p
}

// cursorKeys copies keys that are long enough.
func cursorKeys(call string, keys ...[]byte) [][]byte {
	own := make([][]byte, len(keys))
	for i, key := range keys {
		if len(key) < 16 {
			panic(fmt.Sprintf("web: %s: the key has %d bytes; give 16 or more", call, len(key)))
		}
		own[i] = slices.Clone(key)
	}
	return own
}

// seal signs a position: what a client hands back is what it was given.
func (p *Pages[T]) seal(position, sum []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(p.sign(p.keys[0], position, sum), position...))
}

// open gives back the position of a cursor whose signature is right.
func (p *Pages[T]) open(cursor string, sum []byte) ([]byte, bool) {
	data, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil || len(data) < sha256.Size || base64.RawURLEncoding.EncodeToString(data) != cursor {
		return nil, false // the decoder passes over line ends and spare bits
	}
	signature, position := data[:sha256.Size], data[sha256.Size:]
	return position, slices.ContainsFunc(p.keys, func(key []byte) bool { return hmac.Equal(signature, p.sign(key, position, sum)) })
}

func (p *Pages[T]) sign(key, position, sum []byte) []byte {
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%T %d ", *new(T), len(sum))
	mac.Write(sum)
	mac.Write(position)
	return mac.Sum(nil)
}
