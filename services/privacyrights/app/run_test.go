package app_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/migrate/roles"
	"github.com/retort-go/retort/retorttest"
	"github.com/retort-go/retort/retorttest/proxy"
	"github.com/retort-go/retort/services/privacyrights/app"
)

const newRequest = `{"regime":"gdpr","right":"access","email":"ann@example.org"}`

func TestRun_on_an_embedded_PostgreSQL_keeps_its_data(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	wanted := regexp.MustCompile(`^privacyrights is ready: (http://127\.0\.0\.1:\d+)  docs: (http://127\.0\.0\.1:\d+/docs)  database: embedded PostgreSQL \d+ in ` + regexp.QuoteMeta(dir) + `$`)

	first := start(t, map[string]string{"DATA_DIR": dir})
	if line := first.ready(); !wanted.MatchString(line) {
		t.Errorf("the line is %q", line)
	}
	if code, body := send(t, "POST", first.url+"/requests", newRequest); code != http.StatusCreated {
		t.Fatalf("%d %s", code, body)
	}
	if code := status(t, "GET", first.url+"/docs", ""); code != http.StatusOK {
		t.Errorf("GET /docs: %d", code)
	}
	if err := first.stop(); err != nil {
		t.Fatalf("%v\n%s", err, first.log)
	}
	for line := range first.lines {
		t.Errorf("a second line: %q", line)
	}
	for line := range strings.Lines(first.log.String()) {
		// Only that a slow start goes on is worth a word.
		if !strings.HasPrefix(line, "privacyrights: starting PostgreSQL in ") {
			t.Errorf("a run without trouble logs nothing, this one: %s", line)
		}
	}

	second := start(t, map[string]string{"DATA_DIR": dir})
	second.ready()
	code, body := send(t, "GET", second.url+"/requests", "")
	if code != http.StatusOK || !strings.Contains(body, "ann@example.org") {
		t.Errorf("after a restart: %d %s", code, body)
	}
	if err := second.stop(); err != nil {
		t.Errorf("%v\n%s", err, second.log)
	}
}

func TestRun_echoes_statements_with_DEBUG_and_takes_the_origin_URL(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	_, rest, _ := strings.Cut(db.URL(), "://")
	r := start(t, map[string]string{"DATABASE_URL": "postgresql+asyncpg://" + rest, "DEBUG": "true"})
	r.ready()
	if code, body := send(t, "POST", r.url+"/requests", newRequest); code != http.StatusCreated {
		t.Fatalf("%d %s", code, body)
	}
	if log := r.log.String(); !strings.Contains(log, "INSERT INTO") || strings.Contains(log, "ann@example.org") {
		t.Errorf("the log lacks statements or holds values:\n%s", log)
	}
}

func TestRun_warns_of_a_role_that_may_too_much(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	owner := start(t, map[string]string{"DATABASE_URL": db.URL()})
	owner.ready()
	waitFor(t, "a warning", func() bool { return strings.Contains(owner.log.String(), "is a superuser") })
	if err := owner.stop(); err != nil {
		t.Error(err)
	}

	role := "app_" + db.Name()
	script, err := roles.Config{Owner: "owner_" + db.Name(), App: role, Schemas: []string{"public"}}.Script()
	if err != nil {
		t.Fatal(err)
	}
	db.Exec(t, script)
	t.Cleanup(func() {
		db.Exec(t, fmt.Sprintf("REASSIGN OWNED BY %[1]q, %[2]q TO CURRENT_USER; DROP OWNED BY %[1]q, %[2]q; DROP ROLE %[1]q, %[2]q", role, "owner_"+db.Name()))
	})
	db.Exec(t, fmt.Sprintf("ALTER ROLE %q LOGIN", role))
	u, err := url.Parse(db.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.User(role)
	service := start(t, map[string]string{"DATABASE_URL": u.String()})
	service.ready()
	if code, body := send(t, "POST", service.url+"/requests", newRequest); code != http.StatusCreated {
		t.Errorf("%d %s", code, body)
	}
	if err := service.stop(); err != nil || strings.Contains(service.log.String(), "WARN") {
		t.Errorf("%v, and the log says %s", err, service.log)
	}
}

func TestRun_starts_and_stays_up_without_its_database(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	p := proxy.Start(t, db.URL())
	p.RefuseConnections(true)
	port := freePort(t)
	r := start(t, map[string]string{"DATABASE_URL": p.URL(), "LISTEN_ADDR": port})
	r.url = "http://" + port
	waitFor(t, "the service to listen", func() bool { return status(t, "GET", r.url+"/healthz", "") == http.StatusOK })

	for path, want := range map[string]int{"/": 200, "/docs": 200, "/healthz": 200, "/readyz": 503, "/requests": 503} {
		if got := status(t, "GET", r.url+path, ""); got != want {
			t.Errorf("GET %s: %d, want %d", path, got, want)
		}
	}
	waitFor(t, "a warning", func() bool { return strings.Contains(r.log.String(), "waiting for the database") })

	p.RefuseConnections(false)
	if line := r.ready(); !strings.HasSuffix(line, "/"+db.Name()) || !strings.Contains(line, "database: PostgreSQL at 127.0.0.1:") {
		t.Errorf("the line is %q", line)
	}
	if got := status(t, "GET", r.url+"/readyz", ""); got != http.StatusOK {
		t.Errorf("GET /readyz: %d", got)
	}
	if code, body := send(t, "POST", r.url+"/requests", newRequest); code != http.StatusCreated {
		t.Errorf("%d %s", code, body)
	}

	p.RefuseConnections(true)
	p.ResetConnections()
	if got := status(t, "GET", r.url+"/readyz", ""); got != http.StatusServiceUnavailable {
		t.Errorf("GET /readyz of a database that went away: %d", got)
	}
	if err := r.stop(); err != nil {
		t.Errorf("%v\n%s", err, r.log)
	}
}

func TestRun_ends_while_it_waits_for_its_database(t *testing.T) {
	t.Parallel()
	r := start(t, map[string]string{"DATABASE_URL": "postgres://app:s3cret@127.0.0.1:1/x?sslmode=disable"})
	waitFor(t, "a warning", func() bool { return strings.Contains(r.log.String(), "waiting for the database") })
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if strings.Contains(r.log.String(), "s3cret") {
		t.Errorf("the password is in the log:\n%s", r.log)
	}
}

func TestRun_several_processes_may_start_at_once(t *testing.T) {
	t.Parallel()
	db := retorttest.NewDatabase(t, retorttest.Template{})
	var all []*running
	for range 4 {
		all = append(all, start(t, map[string]string{"DATABASE_URL": db.URL()}))
	}
	for _, r := range all {
		r.ready()
	}
	if code, body := send(t, "POST", all[0].url+"/requests", newRequest); code != http.StatusCreated {
		t.Errorf("%d %s", code, body)
	}
	if code := status(t, "POST", all[1].url+"/requests", newRequest); code != http.StatusConflict {
		t.Errorf("the same at another process: %d", code)
	}
}

func TestRun_refuses(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	other := retorttest.NewDatabase(t, retorttest.Template{})
	other.Exec(t, "CREATE TABLE dsr_requests (id bigint PRIMARY KEY)")
	tests := []struct {
		name string
		env  map[string]string
		want []string
	}{
		{"wrong settings, all at once", map[string]string{"POOL_SIZE": "many", "DEBUG": "perhaps"}, []string{"POOL_SIZE", "DEBUG"}},
		{"a URL that is none, without its password", map[string]string{"DATABASE_URL": "mysql://app:s3cret@db/x"}, []string{"URL"}},
		{"an address in use", map[string]string{"LISTEN_ADDR": taken.Addr().String()}, []string{"LISTEN_ADDR", "in use"}},
		{"tables that differ", map[string]string{"DATABASE_URL": other.URL()}, []string{"dsr_requests", "brought up to date", "db stamp"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := app.Run(t.Context(), app.Options{Getenv: lookup(tt.env)})
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in: %v", want, err)
				}
			}
			if strings.Contains(err.Error(), "s3cret") {
				t.Errorf("the password is in: %v", err)
			}
		})
	}
}

// Not parallel: it changes the environment.
func TestRun_without_any_PostgreSQL_says_what_to_do(t *testing.T) {
	t.Setenv("PG_BIN", t.TempDir())
	err := app.Run(t.Context(), app.Options{Getenv: lookup(map[string]string{"DATA_DIR": t.TempDir()})})
	if _, ok := errors.AsType[*localpg.NotFoundError](err); !ok || !strings.Contains(err.Error(), "DATABASE_URL is empty") {
		t.Errorf("got %v", err)
	}
}
