package retort_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/retorttest"
)

// TestURLsThatConnect opens one database under every spelling.
func TestURLsThatConnect(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	server, err := url.Parse(k.URL())
	must(t, err)
	dir := k.QueryString(t, "SELECT split_part(setting, ',', 1) FROM pg_settings WHERE name = 'unix_socket_directories'")
	at, name := server.Host, k.Name()
	for _, raw := range []string{
		"postgresql+asyncpg://retort@" + at + "/" + name,
		"POSTGRESQL+ASYNCPG://retort@" + at + "/" + name + "?ssl=disable",
		"postgresql://retort@" + at + "/" + name + "?ssl=prefer",
		"postgres://retort@" + at + "/" + name + "?ssl=false",
		"postgres://retort:ignored@" + at + "/" + name + "?sslmode=allow&connect_timeout=5",
		"postgres://" + at + "/?user=retort&dbname=" + name,
		"postgres://" + at + "?user=retort&database=" + name,
		"postgres://nobody@192.0.2.1:1/x?user=retort&dbname=" + name + "&host=" + server.Hostname() + "&port=" + server.Port(),
		"host=" + server.Hostname() + " port=" + server.Port() + " user=retort dbname=" + name,
		" host = " + server.Hostname() + "\n\tport = '" + server.Port() + "' user='ret\\ort' database=" + name + " sslmode=disable ",
		"host=127.0.0.1," + server.Hostname() + " port=1," + server.Port() + " user=retort dbname=" + name + " connect_timeout=5",
		"host=" + dir + " port=" + server.Port() + " user=retort password='' dbname=" + name,
		"postgres://retort@127.0.0.1:1," + at + "/" + name + "?sslmode=disable",
		"postgres://retort@127.0.0.1,localhost/" + name + "?sslmode=disable&port=" + server.Port(),
		"postgres://retort@/" + name + "?host=" + dir + "&port=" + server.Port(),
		"postgresql+asyncpg://retort:x@:" + server.Port() + "/" + name + "?host=" + url.QueryEscape(dir),
		"postgres://retort@" + strings.ReplaceAll(dir, "/", "%2F") + ":" + server.Port() + "/" + name,
		"postgres://ret%6Frt@" + at + "/" + strings.Replace(name, "t", "%74", 1) + "?target_session_attrs=read-write&",
	} {
		t.Run(raw, func(t *testing.T) {
			t.Parallel()
			eng, err := retort.Open(retort.Config{URL: raw})
			must(t, err)
			defer eng.Close(context.Background())
			s := eng.Session()
			defer s.Close(context.Background())
			got, err := retort.SQL[string]("SELECT current_database()").ReadOnly().One(t.Context(), s)
			must(t, err)
			if got != name {
				t.Errorf("connected to %q", got)
			}
		})
	}
}

// TestURLParametersReachTheServer shows that a value arrives as it was written,
// and nothing else does.
func TestURLParametersReachTheServer(t *testing.T) {
	t.Parallel()
	k := retorttest.New(t, library)
	eng, err := retort.Open(retort.Config{URL: k.URL() + "&application_name=a%20b+c%26d%3De%2Fé&search_path=pg_catalog%2Cpublic" +
		"&statement_timeout=12345&timezone=Europe%2FBrussels&options=-c%20work_mem%3D5MB"})
	must(t, err)
	defer eng.Close(context.Background())
	s := eng.Session()
	defer s.Close(context.Background())
	for setting, want := range map[string]string{
		"search_path": "pg_catalog,public", "statement_timeout": "12345ms", "TimeZone": "Europe/Brussels", "work_mem": "5MB",
	} {
		got, err := retort.SQL[string]("SELECT current_setting($1)", setting).ReadOnly().One(t.Context(), s)
		must(t, err)
		if got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	// The server replaces what is not ASCII in this one.
	got, err := retort.SQL[string]("SELECT current_setting('application_name')").ReadOnly().One(t.Context(), s)
	must(t, err)
	if !strings.HasPrefix(got, "a b+c&d=e/") {
		t.Errorf("application_name is %q", got)
	}
}

// TestURLPasswordReachesTheDriver, every byte of it.
func TestURLPasswordReachesTheDriver(t *testing.T) {
	t.Parallel()
	for _, password := range []string{"secret", "a+b c", "@:/?#%&=[]", "%41", "é ", " leading and trailing ", "'\"\\", "\xff"} {
		encoded := ""
		for i := range len(password) {
			encoded += fmt.Sprintf("%%%02x", password[i])
		}
		for _, raw := range []string{
			"postgres://u:" + encoded + "@h:1/x", "postgres://h/x?password=" + encoded, "postgres://u:old@h/x?password=" + encoded,
		} {
			if got := retort.PasswordOf(raw); got != password {
				t.Errorf("%s: the password is %q, want %q", raw, got, password)
			}
		}
	}
	for raw, want := range map[string]string{
		"postgres://u:a+b@h/x": "a+b", "postgres://h/x?password=a+b": "a+b", "postgres://u:a:b@h/x": "a:b", "postgres://u:p$!*'();,&=@h/x": "p$!*'();,&=",
	} {
		if got := retort.PasswordOf(raw); got != want {
			t.Errorf("%s: the password is %q, want %q", raw, got, want)
		}
	}
}

func TestURLsThatAreRefused(t *testing.T) {
	for _, tc := range []struct{ url, want string }{
		{"   ", "is empty"},
		{"h:5432/x", "has no scheme"},
		{"mysql://h/x", "the scheme is none of postgres,"},
		{"postgres://u:p@h/x\n", "line break or control character at offset 18"},
		{"postgres://u:p p@h/x", "%20"},
		{"postgres://u:p#p@h/x", "%23"},
		{"postgres://u:p%zz@h/x", "%25"},
		{"postgres://u:p%4@h/x", "%25"},
		{"postgres://u:p%@h", "%25"},
		{"postgres://u:p%", "port is no number"},
		{"postgres://u:p@ss@h/x", "more than one @"},
		{"postgres://u:12/ss@h/x", "%2F"},
		{"postgres://u:12?ss@h/x", "%3F"},
		{"postgres://u%3Ap@h/x", "encoded colon"},
		{"postgres://u%00x@h/x", "control character"},
		{"postgres://u:p%00@h/x", "NUL"},
		{"postgres://u@h/x%00user%00root", "control character"},
		{"postgres://u@h/x?application_name=a%00b", "control character"},
		{"postgres://u@h/x%ff", "not UTF-8"},
		{"postgres://u@h/x/y", "second /"},
		{"postgres://u@h/x/", "second /"},
		{"postgres://u@h:port/x", "port is no number"},
		{"postgres://u@h:0/x", "port is no number"},
		{"postgres://u@h:65536/x", "port is no number"},
		{"postgres://u@h:1:2/x", "port is no number"},
		{"postgres://u@h1,h2,h3:1/x?port=1,2", "2 ports for 3 hosts"},
		{"postgres://u@::1/x", "[::1]:5432"},
		{"postgres://u@[::1/x", "]"},
		{"postgres://u@[h]/x", "IPv6"},
		{"postgres://u@[::1]x/x", "["},
		{"postgres://u@h%20h/x", "a host is neither"},
		{"postgres://u%3Ap%40h/x", "a host is neither"},
		{"postgres://u@h/x?sslmode", "has no value"},
		{"postgres://u@h/x?sslmode=on", "sslmode is none of disable, allow"},
		{"postgres://u@h/x?ssl=on", "sslmode is none of disable, allow"},
		{"postgres://u@h/x?ssl=true&sslmode=require", "both ssl and sslmode"},
		{"postgres://u@h/x?sslmode=require&sslmode=disable", "given twice"},
		{"postgres://u@h/x?dbname=a&database=b", "given twice"},
		{"postgres://u@h/x?connect_timeout=soon", "connect_timeout is no whole number"},
		{"postgres://u@h/x?connect_timeout=-1", "connect_timeout is no whole number"},
		{"postgres://u@h/x?connect_timeout=99999999999", "connect_timeout is no whole number"},
		{"postgres://u@h/x?target_session_attrs=master", "target_session_attrs is none of any"},
		{"postgres://u@h/x?channel_binding=maybe", "channel_binding is none of"},
		{"postgres://u@h/x?sslmod=require", "an unknown parameter stands behind ?; known are host"},
		{"postgres://u@h/x?command_timeout=5", "command_timeout is not one of Retort's"},
		{"postgres://u@h/x?prepared_statement_cache_size=0", "prepared_statement_cache_size is not one of Retort's"},
		{"postgres://u@h/x?servicefile=/etc/passwd&service=x", "servicefile is not one of"},
		{"postgres://u@h/x?sslmode=verify-full&sslrootcert=/no/such/file", "sslrootcert"},
		{"postgres://u@h/x?min_protocol_version=9", "min_protocol_version"},
	} {
		t.Run(tc.url, func(t *testing.T) {
			t.Parallel()
			text := openError(t, retort.Config{URL: tc.url})
			if !strings.Contains(text, tc.want) || !strings.Contains(text, "Config.URL") {
				t.Errorf("%q is not in %q", tc.want, text)
			}
			if rest := strings.TrimSpace(tc.url); len(rest) > 5 && strings.Contains(text, rest) {
				t.Errorf("the URL is in %q", text)
			}
		})
	}
}

func TestEnvironmentIsBlamedByName(t *testing.T) {
	t.Setenv("PGTARGETSESSIONATTRS", "master")
	text := openError(t, retort.Config{URL: "postgres://u@h/x"})
	if !strings.Contains(text, "environment variable PGTARGETSESSIONATTRS") || strings.Contains(text, "master") {
		t.Errorf("got %q", text)
	}
}

// canary is a password that must never be seen.
const canary = "s3cr3tC4n4ry"

// canaryURLs spells it in every way that people find.
var canaryURLs = []string{
	"postgres://u:" + canary + "@127.0.0.1:1/x",
	"postgresql+asyncpg://u:" + canary + "@127.0.0.1:1/x?ssl=require",
	"postgres://u:%73" + canary + "@127.0.0.1:1/x",
	"postgres://:" + canary + "@127.0.0.1:1/x",
	"postgres://u@127.0.0.1:1/x?password=" + canary,
	"postgres://u@127.0.0.1:1/x?pass%77ord=" + canary,
	"postgres://u@127.0.0.1:1/x?sslpassword=" + canary,
	"postgres://u@127.0.0.1:1/x?pasword=" + canary,
	"postgres://u@127.0.0.1:1/x?" + canary + "=1",
	"postgres://u@127.0.0.1:1/x?" + canary,
	"postgres://u@127.0.0.1:1/x?password=" + canary + "&password=" + canary,
	"postgres://u@127.0.0.1:1/x?sslmode=" + canary,
	"postgres://u:12@" + canary + "@127.0.0.1:1/x",
	"postgres://u@12" + canary + "@127.0.0.1:1/x",
	"postgres://u:12:" + canary + "@127.0.0.1:1/x",
	"postgres://u:12/" + canary + "@127.0.0.1:1/x",
	"postgres://u:12?" + canary + "@127.0.0.1:1/x",
	"postgres://u:12?application_name=" + canary + "@127.0.0.1:1/x",
	"postgres://u:12#" + canary + "@127.0.0.1:1/x",
	"postgres://u:12%zz" + canary + "@127.0.0.1:1/x",
	"postgres://u:12%" + canary + "@127.0.0.1:1/x",
	"postgres://u:12 " + canary + "@127.0.0.1:1/x",
	"postgres://u:12\x01" + canary + "@127.0.0.1:1/x",
	"postgres://u:12\n" + canary + "@127.0.0.1:1/x",
	"postgres://u:12%00" + canary + "@127.0.0.1:1/x",
	"postgres://u:" + canary + "\xff@127.0.0.1:1/x",
	"postgres://u:" + canary + "@h.invalid:port/x",
	"postgres://u:" + canary + "@h.invalid:99999/x",
	"postgres://u:" + canary + "@[::1/x",
	"postgres://u:" + canary + "@/x?host=/no/such/folder",
	"postgres://u:" + canary + "@",
	"postgres://u:" + canary,
	"postgres://u%3A" + canary + "@127.0.0.1:1/x",
	"postgres://u%3A" + canary + "%40127.0.0.1:1/x",
	"postgres:/u:" + canary + "@127.0.0.1:1/x",
	"postgres:u:" + canary + "@127.0.0.1:1/x",
	"//u:" + canary + "@127.0.0.1:1/x",
	"u:" + canary + "@127.0.0.1:1/x",
	"postgre://u:" + canary + "@127.0.0.1:1/x",
	canary + "://u@127.0.0.1:1/x",
	"user=u host=127.0.0.1 port=1 password=12 " + canary,
	"user=u host=127.0.0.1 port=1 password=12 " + canary + "=x",
	"user=u host=127.0.0.1 port=1 password=12'3" + canary,
	"user=u host=127.0.0.1 port=1 password='12'" + canary,
	"user=u host=127.0.0.1 port=1 password='12'application_name=" + canary + "'",
	"user=u host=127.0.0.1 port=1 password='" + canary,
	"user=u host=127.0.0.1 port=1 password=" + canary + " password=" + canary,
	"user=u host=127.0.0.1 port=1 pasword=" + canary,
	"user=u host=127.0.0.1 port=1 " + canary + "=1",
	"host=127.0.0.1 port=1 user= password=" + canary,
	"host=127.0.0.1 port=1 user=u:" + canary,
	"host=127.0.0.1 port=" + canary + " user=u",
	"host=127.0.0.1 port=1 user=u passfile=" + canary,
	"host=127.0.0.1 port=1 user=u service=" + canary,
	"user=u password=" + canary + " host=127.0.0.1",
	"user=u password='" + canary + "' host=127.0.0.1",
	" postgres://u:" + canary + "@127.0.0.1:1/x",
	"\"postgres://u:" + canary + "@127.0.0.1:1/x\"",
	"DATABASE_URL=postgres://u:" + canary + "@127.0.0.1:1/x",
}

// TestPasswordCanary prints whatever can be printed under every spelling.
func TestPasswordCanary(t *testing.T) {
	t.Parallel()
	for _, raw := range canaryURLs {
		t.Run(strings.ReplaceAll(raw, canary, "…"), func(t *testing.T) {
			t.Parallel()
			out := everyPrint(t.Context(), retort.Config{URL: raw})
			if i := strings.Index(out, canary); i >= 0 {
				t.Errorf("the password is seen: …%s…", out[max(0, i-200):min(len(out), i+50)])
			}
		})
	}
}

func TestPasswordCanaryInTheEnvironment(t *testing.T) {
	t.Setenv("PGPASSWORD", canary)
	t.Setenv("PGSSLPASSWORD", canary)
	if out := everyPrint(t.Context(), retort.Config{URL: "postgres://u@127.0.0.1:1/x"}); strings.Contains(out, canary) {
		t.Errorf("the password is seen: %s", out)
	}
}

// everyPrint opens an engine, uses it and returns everything that was printed,
// logged, returned and panicked with.
func everyPrint(ctx context.Context, cfg retort.Config) string {
	var out bytes.Buffer
	print := func(values ...any) {
		for _, v := range values {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T", "%!"} {
				fmt.Fprintf(&out, verb+"\n", v)
			}
			_ = json.NewEncoder(&out).Encode(v)
			func() {
				defer func() { fmt.Fprintf(&out, "%v %+v\n", recover(), v) }()
				panic(v)
			}()
			slog.New(slog.NewTextHandler(&out, nil)).Error("x", "v", v, slog.Group("g", "v", v))
			slog.New(slog.NewJSONHandler(&out, nil)).Error("x", "v", v, slog.Group("g", "v", v))
		}
	}
	cfg.Logger = slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug}))
	cfg.Echo, cfg.EchoParams, cfg.ConnectTimeout = true, true, time.Second
	print(cfg, &cfg, []retort.Config{cfg}, map[string]any{"c": cfg}, struct{ C retort.Config }{cfg})
	eng, err := retort.Open(cfg)
	print(err)
	if err != nil {
		return out.String()
	}
	defer eng.Close(context.WithoutCancel(ctx))
	s := eng.Session()
	defer s.Close(ctx)
	print(eng, s, eng.Ping(ctx))
	_, err = s.Exec(ctx, "SELECT 1")
	print(err, eng.Stats())
	for wrapped := err; wrapped != nil; {
		print(wrapped)
		inner, ok := wrapped.(interface{ Unwrap() error })
		if !ok {
			break
		}
		wrapped = inner.Unwrap()
	}
	return out.String()
}

// FuzzURL looks for a spelling of a password that is shown, and for panics. What
// stands between the last colon before it and the @ behind it is the password.
func FuzzURL(f *testing.F) {
	f.Add("postgres", "user", "", "", "host:5432/name?sslmode=disable")
	f.Add("postgresql+asyncpg", "user", "a/", "?b", "host")
	f.Add("postgres", "u@h/", "12@", "%", "[::1]:5432,b/x?host=/run,b&port=1")
	f.Add("postgres://h/x?password=a&", "%3A", "%00", "#", "/?")
	f.Fuzz(func(t *testing.T, scheme, user, before, behind, rest string) {
		if strings.Contains(scheme+user+before+behind+rest, canary) {
			t.Skip()
		}
		cfg := retort.Config{URL: scheme + "://" + user + ":" + before + canary + behind + "@" + rest}
		out := fmt.Sprintf("%v %+v %#v", cfg, cfg, cfg)
		eng, err := retort.Open(cfg)
		if err != nil {
			out += err.Error()
		} else {
			out += eng.String()
			_ = eng.Close(context.Background())
		}
		if strings.Contains(out, canary) {
			t.Errorf("%q shows the password: %s", cfg.URL, out)
		}
	})
}
