package domain_test

import (
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/retort-go/retort/services/privacyrights/domain"
)

func TestNormalizeEmail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64) + "@" + strings.Repeat("b", 185) + ".org"
	tests := []struct {
		name, in, want string
		err            error
	}{
		{"keeps a plain address", "ann@example.org", "ann@example.org", nil},
		{"lowers both sides", "Ann.LEE@Example.ORG", "ann.lee@example.org", nil},
		{"trims space around it", " \tann@example.org\n", "ann@example.org", nil},
		{"keeps tags and dots", "a.b+c@example.org", "a.b+c@example.org", nil},
		{"accepts Unicode", "ÉVA@exämple.org", "éva@exämple.org", nil},
		{"accepts 254 bytes", long, long, nil},
		{"refuses 255 bytes", "a" + long, "", domain.ErrEmailLength},
		{"refuses nothing", "", "", domain.ErrEmailEmpty},
		{"refuses only space", " \u00a0 ", "", domain.ErrEmailEmpty},
		{"refuses a bare name", "ann", "", domain.ErrEmailInvalid},
		{"refuses a missing name", "@example.org", "", domain.ErrEmailInvalid},
		{"refuses a missing host", "ann@", "", domain.ErrEmailInvalid},
		{"refuses a display name", "Ann <ann@example.org>", "", domain.ErrEmailInvalid},
		{"refuses angle brackets", "<ann@example.org>", "", domain.ErrEmailInvalid},
		{"refuses a comment", "ann@example.org(home)", "", domain.ErrEmailInvalid},
		{"refuses a quoted name", `"a"@example.org`, "", domain.ErrEmailInvalid},
		{"refuses two addresses", "a@example.org,b@example.org", "", domain.ErrEmailInvalid},
		{"refuses inner space", "a b@example.org", "", domain.ErrEmailInvalid},
		{"refuses NUL", "ann\x00@example.org", "", domain.ErrEmailInvalid},
		{"refuses a line break", "ann@example.org\r\nBcc: x", "", domain.ErrEmailInvalid},
		{"refuses bytes that are not UTF-8", "\xff@example.org", "", domain.ErrEmailInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := domain.NormalizeEmail(tt.in)
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("NormalizeEmail(%q) = %q, %v; want %q, %v", tt.in, got, err, tt.want, tt.err)
			}
		})
	}
}

func FuzzNormalizeEmail(f *testing.F) {
	for _, seed := range []string{"ann@example.org", "İ@İ.İ", "\xff@x", `"a b"@x`, "a@[127.0.0.1]", "ß@ẞ.de", "Kelvin\u212a@x.y"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := domain.NormalizeEmail(raw)
		if err != nil {
			if got != "" {
				t.Fatalf("refused %q but returned %q", raw, got)
			}
			return
		}
		again, err := domain.NormalizeEmail(got)
		if err != nil || again != got {
			t.Fatalf("not stable: %q → %q → %q, %v", raw, got, again, err)
		}
		if len(got) > domain.MaxEmail || !utf8.ValidString(got) || strings.ContainsRune(got, 0) {
			t.Fatalf("accepted %q", got)
		}
	})
}
