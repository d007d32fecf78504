package api

import (
	"encoding/base64"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/gofrs/uuid/v5"
)

func TestRequestCursor(t *testing.T) {
	t.Parallel()
	id := uuid.Must(uuid.FromString("0197e3a4-0000-7000-8000-000000000001"))
	at := time.Date(2026, 1, 31, 12, 0, 0, 123456000, time.UTC)
	text := requestCursor{at, id}.seal("requests?status=open")

	t.Run("comes back as it was", func(t *testing.T) {
		t.Parallel()
		got, err := openRequestCursor("requests?status=open", text)
		if err != nil || !got.receivedAt.Equal(at) || got.id != id {
			t.Errorf("got %v, %v", got, err)
		}
	})
	t.Run("belongs to its list and filters", func(t *testing.T) {
		t.Parallel()
		if _, err := openRequestCursor("requests?status=denied", text); !errors.Is(err, errCursor) {
			t.Errorf("accepted for another list: %v", err)
		}
		if _, err := openAuditCursor("requests?status=open", text); !errors.Is(err, errCursor) {
			t.Errorf("accepted for the audit log: %v", err)
		}
	})
	t.Run("every changed character is noticed", func(t *testing.T) {
		t.Parallel()
		const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/ \x00é"
		for i := range text {
			for _, c := range alphabet {
				broken := text[:i] + string(c) + text[i+1:]
				if broken == text {
					continue
				}
				if _, err := openRequestCursor("requests?status=open", broken); !errors.Is(err, errCursor) {
					t.Fatalf("accepted with %q at %d: %v", c, i, err)
				}
			}
		}
	})
	t.Run("every cut and every addition is noticed", func(t *testing.T) {
		t.Parallel()
		for i := range text {
			if _, err := openRequestCursor("requests?status=open", text[:i]); !errors.Is(err, errCursor) {
				t.Fatalf("accepted the first %d characters: %v", i, err)
			}
		}
		for _, more := range []string{"A", "=", "\n", text} {
			if _, err := openRequestCursor("requests?status=open", text+more); !errors.Is(err, errCursor) {
				t.Fatalf("accepted with %q added: %v", more, err)
			}
		}
	})
	t.Run("a forged time outside PostgreSQL's range is refused", func(t *testing.T) {
		t.Parallel()
		for _, micros := range []int64{math.MinInt64, math.MaxInt64, -1 << 60} {
			forged := requestCursor{time.UnixMicro(micros), id}.seal("x")
			if _, err := openRequestCursor("x", forged); !errors.Is(err, errCursor) {
				t.Errorf("accepted %d: %v", micros, err)
			}
		}
	})
}

func TestAuditCursor_comes_back_as_it_was(t *testing.T) {
	t.Parallel()
	for _, id := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64} {
		got, err := openAuditCursor("audit", sealAuditCursor("audit", id))
		if err != nil || got != id {
			t.Errorf("%d came back as %d, %v", id, got, err)
		}
	}
}

func FuzzOpenCursor(f *testing.F) {
	f.Add(requestCursor{time.Unix(0, 0), uuid.Nil}.seal("x"))
	f.Add(sealAuditCursor("x", 7))
	f.Add(strings.Repeat("A", 44))
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := openRequestCursor("x", text); err == nil && c.seal("x") != text {
			t.Errorf("%q has a second spelling", text)
		}
		if id, err := openAuditCursor("x", text); err == nil && sealAuditCursor("x", id) != text {
			t.Errorf("%q has a second spelling", text)
		}
		if _, err := base64.RawURLEncoding.DecodeString(text); err != nil {
			if _, err := openRequestCursor("x", text); err == nil {
				t.Errorf("%q is no base64url", text)
			}
		}
	})
}
