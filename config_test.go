package retort_test

import (
	"bytes"
	stdcmp "cmp"
	"context"
	"encoding/json"
	"encoding/xml"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/pool"
)

// limits is what a pool's settings came to.
func limits(s pool.Stats) [2]int { return [2]int{s.Size, s.Overflow} }

// open opens an engine that no test connects.
func open(t *testing.T, cfg retort.Config) *retort.Engine {
	t.Helper()
	if cfg.URL == "" {
		cfg.URL = "postgres://u@192.0.2.1/x?sslmode=disable"
	}
	eng, err := retort.Open(cfg)
	must(t, err)
	t.Cleanup(func() { must(t, eng.Close(context.Background())) })
	return eng
}

func TestOpenSettings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name string
		cfg  retort.Config
		want [2]int
	}{
		{"defaults_are_SQLAlchemys", retort.Config{}, [2]int{5, 10}},
		{"the_first_origins", retort.Config{PoolSize: 5, MaxOverflow: 10, PrePing: true, Recycle: 1800 * time.Second}, [2]int{5, 10}},
		{"the_second_origins", retort.Config{PoolSize: 10, MaxOverflow: 20, PrePing: true, Echo: true, Logger: slog.New(slog.DiscardHandler)}, [2]int{10, 20}},
		{"a_size_takes_overflow_as_written", retort.Config{PoolSize: 3}, [2]int{3, 0}},
		{"an_overflow_alone_keeps_the_default_size", retort.Config{MaxOverflow: 2}, [2]int{5, 2}},
		{"unlimited_size", retort.Config{PoolSize: -1}, [2]int{-1, 0}},
		{"unlimited_overflow", retort.Config{MaxOverflow: -1}, [2]int{5, -1}},
		{"one", retort.Config{PoolSize: 1}, [2]int{1, 0}},
		{"more_than_any_server_takes", retort.Config{PoolSize: 1 << 62, MaxOverflow: 1 << 62}, [2]int{1 << 62, 1 << 62}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			if got := limits(open(t, tc.cfg).Stats()); got != tc.want {
				t.Errorf("size and overflow %v, want %v", got, tc.want)
			}
		})
	}
}

// TestOpenConnectsToNothing listens where the database should be.
func TestOpenConnectsToNothing(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	called := make(chan net.Conn, 1)
	go func() {
		if c, err := listener.Accept(); err == nil {
			called <- c
		}
	}()
	before := runtime.NumGoroutine()
	eng := open(t, retort.Config{Base: library, URL: "postgres://u:p@" + listener.Addr().String() + "/x?sslmode=disable", PrePing: true})
	if after := runtime.NumGoroutine(); after > before {
		t.Errorf("%d goroutines were started", after-before)
	}
	s := eng.Session()
	must(t, s.Commit(t.Context()))
	must(t, s.Close(t.Context()))
	if s := eng.Stats(); s.Opened != 0 {
		t.Errorf("opened %d", s.Opened)
	}
	select {
	case <-called:
		t.Error("something connected")
	default:
	}
}

// TestOpenReportsEverythingAtOnce has a mistake in every place.
func TestOpenReportsEverythingAtOnce(t *testing.T) {
	t.Parallel()
	type keyless struct{ Name string }
	type odd struct {
		retort.UUIDKey
		Count uint64
		Pipe  chan int
	}
	_, err := retort.Open(retort.Config{
		URL:      "mysql://u:secret@h/x",
		PoolSize: -2, MaxOverflow: -2, RetryBudget: -2, Background: -1, PoolTimeout: -1, Recycle: -time.Second,
		ConnectTimeout: -1, CommitTimeout: -1, EchoParams: true,
		Base: retort.NewBase(retort.NewTable[keyless]("a"), retort.NewTable[odd]("b"), retort.NewTable[int]("c"),
			retort.NewEnum[Genre]("empty"), retort.Trigger("t", "nowhere", "CREATE TRIGGER t")),
	})
	if err == nil {
		t.Fatal("no error")
	}
	text := err.Error()
	for _, want := range []string{
		"retort: Open found 16 problems:",
		"Config.PoolSize: is -2", "Config.RetryBudget: is -2", "Config.Background: is -1", "Config.MaxOverflow: is -2", "Config.PoolTimeout: is -1ns", "Config.Recycle: is -1s",
		"Config.ConnectTimeout", "Config.CommitTimeout", "Config.EchoParams",
		"Config.URL: the scheme is none of", "write postgres://",
		"retort_test.keyless: has no primary key; embed retort.UUIDKey",
		"retort_test.odd: field Count: ", "use int64", "retort_test.odd: field Pipe: ",
		"int is not a struct", "enum empty: it has no values", "trigger t of table nowhere",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "secret") {
		t.Errorf("the password is in\n%s", text)
	}
	again := openError(t, retort.Config{PoolSize: -2, MaxOverflow: -2, PoolTimeout: -1, Recycle: -1, CommitTimeout: -1, ConnectTimeout: -1, URL: "x"})
	for range 20 {
		if got := openError(t, retort.Config{PoolSize: -2, MaxOverflow: -2, PoolTimeout: -1, Recycle: -1, CommitTimeout: -1, ConnectTimeout: -1, URL: "x"}); got != again {
			t.Fatalf("the same mistakes give another text:\n%s\n%s", again, got)
		}
	}
}

// openError is the text of Open's error.
func openError(t *testing.T, cfg retort.Config) string {
	t.Helper()
	eng, err := retort.Open(cfg)
	if err == nil {
		_ = eng.Close(context.Background())
		t.Fatal("Open took it")
	}
	return err.Error()
}

func TestOneProblemSpeaksForItself(t *testing.T) {
	t.Parallel()
	if got, want := openError(t, retort.Config{}), "retort: Config.URL: is empty; give postgres://user:password@host:5432/name"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	echo := openError(t, retort.Config{URL: "postgres://h/x", Echo: true})
	if !strings.Contains(echo, "Config.Logger: is nil but Echo is on") {
		t.Errorf("got %q", echo)
	}
}

// TestConnectTimeout dials an address that answers with silence.
func TestConnectTimeout(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer listener.Close()
	url := "postgres://u@" + listener.Addr().String() + "/x?sslmode=disable"
	for _, tc := range []struct {
		name string
		cfg  retort.Config
		env  string
	}{
		{"of_the_Config_wins", retort.Config{URL: url + "&connect_timeout=60", ConnectTimeout: time.Second / 2}, "60"},
		{"of_the_Config_may_be_longer", retort.Config{URL: url + "&connect_timeout=1", ConnectTimeout: 1200 * time.Millisecond}, "1"},
		{"of_the_URL_comes_next", retort.Config{URL: url + "&connect_timeout=1"}, "60"},
		{"of_the_environment_is_last", retort.Config{URL: url}, "1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Setenv("PGCONNECT_TIMEOUT", tc.env)
			eng := open(t, tc.cfg)
			start := time.Now()
			if err := eng.Ping(t.Context()); err == nil {
				t.Fatal("connected")
			}
			want := stdcmp.Or(tc.cfg.ConnectTimeout, time.Second)
			if took := time.Since(start); took < want || took > want+4*time.Second {
				t.Errorf("gave up after %s, want %s", took, want)
			}
		})
	}
}

func TestConfigPrintsItsSettings(t *testing.T) {
	t.Parallel()
	cfg := retort.Config{URL: "postgresql+asyncpg://user:secret@db.example.com:6432/app?sslmode=require", PoolSize: 10, MaxOverflow: 20, PrePing: true}
	want := "retort.Config{URL:postgres://user@db.example.com:6432/app PoolSize:10 MaxOverflow:20 PoolTimeout:0s Recycle:0s " +
		"PrePing:true Echo:false EchoParams:false Pooler:false ConnectTimeout:0s CommitTimeout:0s}"
	if got := cfg.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	text, err := json.Marshal(cfg)
	must(t, err)
	var fields map[string]any
	must(t, json.Unmarshal(text, &fields))
	if diff := cmp.Diff("postgres://user@db.example.com:6432/app", fields["URL"]); diff != "" {
		t.Error(diff)
	}
	document, err := xml.Marshal(cfg)
	must(t, err)
	if bytes.Contains(document, []byte("secret")) {
		t.Errorf("xml shows the password: %s", document)
	}
}

func TestPlainTextWarning(t *testing.T) {
	for _, tc := range []struct {
		url  string
		want int
	}{
		{"postgres://u@db.example.com/x", 1},
		{"postgres://u@203.0.113.7/x", 1},
		{"postgres://u@[2001:db8::1]/x", 1},
		{"postgres://u@localhost,db.example.com/x", 1},
		{"postgres://u@db.example.com/x?sslmode=prefer", 0},
		{"postgres://u@db.example.com/x?ssl=disable", 0},
		{"postgres://u@db.example.com/x?sslmode=verify-full", 0},
		{"postgres://u@localhost/x", 0},
		{"postgres://u@127.0.0.1/x", 0},
		{"postgres://u@[::1]/x", 0},
		{"postgres://u@10.1.2.3/x", 0},
		{"postgres://u@db/x", 0},
		{"postgres://u@db.prod.svc.cluster.local/x", 0},
		{"postgres://u@/x?host=/run/postgresql", 0},
	} {
		t.Run(tc.url, func(t *testing.T) {
			var log bytes.Buffer
			open(t, retort.Config{URL: tc.url, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if got := strings.Count(log.String(), "verify-full"); got != tc.want {
				t.Errorf("%d warnings, want %d: %s", got, tc.want, log.String())
			}
		})
	}
	t.Run("a service file that says disable", func(t *testing.T) {
		t.Setenv("PGSERVICEFILE", newFiles(t).write("services", "[plain]\nhost=db.example.com\nsslmode=disable\n[open]\nhost=db.example.com\n"))
		for service, want := range map[string]int{"plain": 0, "open": 1} {
			var log bytes.Buffer
			open(t, retort.Config{URL: "service=" + service, Logger: slog.New(slog.NewTextHandler(&log, nil))})
			if got := strings.Count(log.String(), "verify-full"); got != want {
				t.Errorf("%s: %d warnings, want %d: %s", service, got, want, log.String())
			}
		}
	})
	t.Run("PGSSLMODE", func(t *testing.T) {
		t.Setenv("PGSSLMODE", "prefer")
		var log bytes.Buffer
		open(t, retort.Config{URL: "postgres://u@db.example.com/x", Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if log.Len() > 0 {
			t.Errorf("a warning: %s", log.String())
		}
	})
}
