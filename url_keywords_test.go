package retort_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/retort-go/retort"
)

// TestKeywordPasswordReachesTheDriver, every byte of it.
func TestKeywordPasswordReachesTheDriver(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"secret", "a+b c", "@:/?#%&=[]", "%41", "é ", " leading and trailing ", `'"\`, "\xff", "a\nb", "="} {
		quoted := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(password)
		for _, raw := range []string{"host=h password='" + quoted + "' user=u", "password = '" + quoted + "'"} {
			if got := retort.PasswordOf(raw); got != password {
				t.Errorf("%q: the password is %q, want %q", raw, got, password)
			}
		}
	}
	for raw, want := range map[string]string{
		"password=a+b host=h": "a+b", `password=a\ b host=h`: "a b", `password=a\'b`: "a'b", `password=a\`: "a", "host=h password=a=b": "a=b", "password=p%41": "p%41",
	} {
		if got := retort.PasswordOf(raw); got != want {
			t.Errorf("%q: the password is %q, want %q", raw, got, want)
		}
	}
}

func TestKeywordsThatAreRefused(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ url, want string }{
		{"host=h password=a b", "has no = behind it"},
		{"host=h password=a b dbname=x", "has no = behind it"},
		{"host=h =x", "has no = behind it"},
		{"host=h password='a", "does not end with one"},
		{`host=h password='a\'`, "does not end with one"},
		{"host=h password='a'b", "not followed by a space"},
		{"host=h password=a'b", "has a ' inside"},
		{"host=h user= dbname=x", "has no value"},
		{"host=h host=i", "given twice"},
		{"dbname=h database=i", "given twice"},
		{"host=h sslmod=require", "an unknown keyword is given; known are host"},
		{"host=h hostaddr=127.0.0.1", "hostaddr is not one of Retort's"},
		{"host=h servicefile=/etc/passwd", "servicefile is not one of Retort's"},
		{"host=h port=65536", "a port is no number"},
		{"host='a b'", "a host is neither"},
		{"host=h user=u:p", "the user has a colon"},
		{"host=h password='\x00'", "NUL"},
		{"host=h application_name='a\nb'", "control character"},
		{"host=h service=nobody_has_it", "service"},
		{"HOST=h", "no scheme"},
	} {
		t.Run(tc.url, func(t *testing.T) {
			t.Parallel()
			if text := openError(t, retort.Config{URL: tc.url}); !strings.Contains(text, tc.want) || !strings.Contains(text, "Config.URL") {
				t.Errorf("%q is not in %q", tc.want, text)
			}
		})
	}
}

// TestFilesOfLibpq takes what the URL leaves out from a service file and from a
// password file.
func TestFilesOfLibpq(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, []byte(text), 0o600))
		return file
	}
	t.Setenv("PGPASSWORD", "") // else it wins over the file
	t.Setenv("PGSERVICEFILE", write("services", "[books]\nhost=db.example.com\nport=6543\ndbname=shelf\nuser=reader\nsslmode=disable\n[odd]\nhost=h\nwork_mem=1GB\n"))
	t.Setenv("PGPASSFILE", write("passwords", "db.example.com:6543:shelf:reader:"+canary+"\n"))
	for _, raw := range []string{"service=books", "postgres://?service=books", "postgres:///shelf?service=books"} {
		if got := retort.PasswordOf(raw); got != canary {
			t.Errorf("%s: the password is another one, of %d bytes", raw, len(got))
		}
		eng := open(t, retort.Config{URL: raw})
		if got, want := eng.String(), "retort.Engine(db.example.com:6543/shelf)"; got != want {
			t.Errorf("%s: got %s, want %s", raw, got, want)
		}
	}
	t.Setenv("PGSERVICE", "books")
	if got := open(t, retort.Config{URL: "postgres://elsewhere"}).String(); got != "retort.Engine(elsewhere:6543/shelf)" {
		t.Errorf("PGSERVICE, a host given: got %s", got)
	}
	if text := openError(t, retort.Config{URL: "service=odd"}); !strings.Contains(text, "sets work_mem, which Retort does not pass on") {
		t.Errorf("got %s", text)
	}
	if out := everyPrint(t.Context(), retort.Config{URL: "host=127.0.0.1 port=1"}); strings.Contains(out, canary) {
		t.Errorf("the password is seen: %s", out)
	}
}

// FuzzKeywords looks for a spelling of a password that is shown, and for panics. What
// really says something else is looked at in errors only: a quote or an empty value
// before the keyword, a second keyword inside the password.
func FuzzKeywords(f *testing.F) {
	f.Add("host=h user=u", "", "", " dbname=x")
	f.Add("host = h", "'a ", " b'", "\nport=1")
	f.Add("user=u", "12'", `\'`, "'")
	f.Fuzz(func(t *testing.T, front, before, behind, back string) {
		if strings.Contains(front+before+behind+back, canary) {
			t.Skip()
		}
		cfg := retort.Config{URL: front + " password=" + before + canary + behind + back}
		other := strings.ContainsAny(front, `'\`) || strings.HasSuffix(strings.TrimSpace(front), "=") || strings.Contains(before, "=")
		out := ""
		eng, err := retort.Open(cfg)
		switch {
		case err != nil:
			out = err.Error()
		case !other:
			out = eng.String()
		}
		if err == nil {
			_ = eng.Close(context.Background())
		}
		if !other {
			out += fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg)
		}
		if strings.Contains(out, canary) {
			t.Errorf("%q shows the password: %s", cfg.URL, out)
		}
	})
}
