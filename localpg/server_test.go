package localpg

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

func TestStart(t *testing.T) {
	t.Parallel()
	t.Run("serves_over_TCP_and_its_socket", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{})
		exec1(t, s.URL(""), `CREATE DATABASE "Bücher & a/b?c d%41"`)
		for name, url := range map[string]string{
			"TCP": s.URL("Bücher & a/b?c d%41"), "socket": s.SocketURL("Bücher & a/b?c d%41"),
		} {
			if got := query(t, url, "SELECT current_database()"); got != "Bücher & a/b?c d%41" {
				t.Errorf("over %s: database %q", name, got)
			}
		}
		if got := query(t, s.URL(""), "SELECT current_user || ' ' || current_database()"); got != "retort postgres" {
			t.Errorf("user and database %q", got)
		}
		if got := query(t, s.SocketURL(""), "SELECT coalesce(host(inet_server_addr()), 'socket')"); got != "socket" {
			t.Errorf("the socket's URL leads to %s", got)
		}
		if s.Version() == "" || s.Major() < oldestMajor || !strings.HasPrefix(query(t, s.URL(""), "SHOW server_version"), s.Version()) {
			t.Errorf("version %q, major %d", s.Version(), s.Major())
		}
		if got := query(t, s.URL(""), "SELECT pg_read_file('postmaster.pid')"); !strings.HasPrefix(got, fmt.Sprintf("%d\n%s\n", s.PID(), s.DataDir())) {
			t.Errorf("postmaster.pid says %q", got)
		}
	})
	t.Run("says_how_long_a_first_and_a_second_start_take", func(t *testing.T) {
		t.Parallel()
		cfg := Config{CacheDir: openDir(t)}
		if memory := memoryFolder(memoryNeed); memory != "" {
			cfg.CacheDir = openDirIn(t, memory)
		}
		for _, which := range []string{"first", "second"} {
			begin := time.Now()
			s := start(t, cfg)
			t.Logf("%s start: %s", which, time.Since(begin).Round(time.Millisecond))
			query(t, s.URL(""), "SELECT 'x'")
		}
	})
	t.Run("sets_what_the_documentation_says", func(t *testing.T) {
		t.Parallel()
		settings := func(s *Server) string {
			return query(t, s.URL(""), `SELECT string_agg(name || '=' || setting, ' ' ORDER BY name COLLATE "C") FROM pg_settings WHERE name IN
				('fsync','synchronous_commit','full_page_writes','max_connections','TimeZone','server_encoding','listen_addresses','work_mem')`)
		}
		const kept = "TimeZone=UTC fsync=on full_page_writes=on listen_addresses=127.0.0.1 max_connections=200 server_encoding=UTF8 synchronous_commit=on work_mem=4096"
		if diff := cmp.Diff(kept, settings(start(t, Config{DataDir: openDir(t)}))); diff != "" {
			t.Errorf("kept (-want +got):\n%s", diff)
		}
		const ephemeral = "TimeZone=UTC fsync=off full_page_writes=off listen_addresses=127.0.0.1 max_connections=7 server_encoding=UTF8 synchronous_commit=off work_mem=8192"
		s := start(t, Config{Settings: map[string]string{"Max_Connections": "7", "work_mem": "8MB", "synchronous_commit": "off"}})
		if diff := cmp.Diff(ephemeral, settings(s)); diff != "" {
			t.Errorf("ephemeral (-want +got):\n%s", diff)
		}
	})
	t.Run("runs_several_at_once_from_one_empty_cache", func(t *testing.T) {
		t.Parallel()
		cache := openDir(t)
		var wg sync.WaitGroup
		servers := make([]*Server, 4)
		for i := range servers {
			wg.Go(func() {
				s, err := Start(t.Context(), Config{CacheDir: cache})
				if err != nil {
					t.Error(err)
				}
				servers[i] = s
			})
		}
		wg.Wait()
		ports := make(map[int]bool)
		for _, s := range servers {
			if s != nil {
				ports[s.Port()] = true
				exec1(t, s.URL(""), "CREATE TABLE mine()")
				defer s.Stop(context.Background())
			}
		}
		if len(ports) != len(servers) {
			t.Errorf("%d servers on %d ports", len(servers), len(ports))
		}
	})
	t.Run("takes_the_port_it_is_given", func(t *testing.T) {
		t.Parallel()
		l, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		port := fmt.Sprint(l.Addr().(*net.TCPAddr).Port)
		_, err = Start(t.Context(), Config{Settings: map[string]string{"port": port}})
		if err == nil || !strings.Contains(err.Error(), "Address already in use") {
			t.Errorf("on a taken port: %v", err)
		}
		l.Close()
		if s := start(t, Config{Settings: map[string]string{"port": port}}); fmt.Sprint(s.Port()) != port {
			t.Errorf("port %d, want %s", s.Port(), port)
		}
	})
	t.Run("tells_the_logger", func(t *testing.T) {
		t.Parallel()
		var text bytes.Buffer
		s, err := Start(t.Context(), Config{Logger: slog.New(slog.NewTextHandler(&text, nil))})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"server started", "server stopped", fmt.Sprintf("port=%d", s.Port())} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%q is not in the log:\n%s", want, text.String())
			}
		}
	})
}

func TestStart_fails(t *testing.T) {
	t.Parallel()
	t.Run("with_all_problems_of_the_settings_at_once", func(t *testing.T) {
		t.Parallel()
		_, err := Start(t.Context(), Config{Settings: map[string]string{
			"listen_addresses": "*", "a b": "c", "port": "70000", "x": "\x00secret", "work_mem": "1MB",
		}})
		const want = `localpg: Config.Settings: "a b" is not a parameter's name; ` +
			`listen_addresses cannot be set, the server stays private to this machine; ` +
			`port must be a number from 1 to 65535; x has a value with a NUL byte`
		if err == nil || err.Error() != want {
			t.Errorf("error %v, want %s", err, want)
		}
	})
	t.Run("with_the_server's_own_words", func(t *testing.T) {
		t.Parallel()
		dir := openDir(t)
		_, err := Start(t.Context(), Config{DataDir: dir, Settings: map[string]string{"no_such_setting": "1"}})
		if err == nil || !strings.Contains(err.Error(), `unrecognized configuration parameter "no_such_setting"`) {
			t.Errorf("error %v", err)
		}
		start(t, Config{DataDir: dir}) // and leaves the folder usable
	})
	t.Run("without_a_PostgreSQL", func(t *testing.T) {
		t.Parallel()
		_, err := Start(t.Context(), Config{BinDir: "/nowhere"})
		if err == nil || !strings.Contains(err.Error(), "apt-get install") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("when_its_context_ends", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := Start(ctx, Config{}); err == nil {
			t.Error("started")
		}
		for _, after := range []time.Duration{20 * time.Millisecond, 60 * time.Millisecond, 150 * time.Millisecond} {
			// Wherever it stands by then, with initdb to run.
			ctx, cancel := context.WithTimeout(t.Context(), after)
			s, err := Start(ctx, Config{CacheDir: openDir(t)})
			cancel()
			if err == nil {
				s.Stop(context.Background())
			} else if ctx.Err() == nil {
				t.Errorf("after %s: %v", after, err)
			}
		}
	})
}

func TestStop(t *testing.T) {
	t.Parallel()
	t.Run("leaves_nothing_of_an_ephemeral_server", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{})
		pid := s.PID()
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !gone(pid, time.Second) || !missing(s.DataDir()) || !missing(s.place.run) || s.PID() != 0 {
			t.Errorf("left: process %t, data %t, folder %t, PID %d", !gone(pid, 0), !missing(s.DataDir()), !missing(s.place.run), s.PID())
		}
	})
	t.Run("keeps_a_kept_cluster_and_shuts_it_down_cleanly", func(t *testing.T) {
		t.Parallel()
		dir := openDir(t)
		s := start(t, Config{DataDir: dir})
		exec1(t, s.URL(""), "CREATE TABLE kept AS SELECT 42 AS n")
		if err := s.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := controlData(t, s.Binaries(), dir); got != "shut down" {
			t.Errorf("the cluster is left %q", got)
		}
		if got := query(t, start(t, Config{DataDir: dir}).URL(""), "SELECT n::text FROM kept"); got != "42" {
			t.Errorf("read %q", got)
		}
	})
	t.Run("disconnects_clients_in_the_middle_of_their_work", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{})
		conn, err := pgx.Connect(t.Context(), s.URL(""))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		done := make(chan error, 1)
		go func() {
			_, err := conn.Exec(context.Background(), "BEGIN; CREATE TABLE half(); SELECT pg_sleep(60)")
			done <- err
		}()
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-done; err == nil {
			t.Error("the client's work ended well")
		}
	})
	t.Run("may_be_called_again_and_by_several_at_once", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if err := s.Stop(context.Background()); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if err := s.Restart(t.Context()); err == nil {
			t.Error("a stopped server restarts")
		}
		if err := s.Kill(); err == nil {
			t.Error("a stopped server can be killed")
		}
	})
}

func TestKill(t *testing.T) {
	t.Parallel()
	t.Run("and_Restart_keep_what_was_committed_and_the_port", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{})
		port, pid := s.Port(), s.PID()
		for i := range 5 {
			exec1(t, s.URL(""), fmt.Sprintf("CREATE TABLE t%d()", i))
			if err := s.Kill(); err != nil {
				t.Fatal(err)
			}
			if s.PID() != 0 {
				t.Errorf("PID %d of a killed server", s.PID())
			}
			if err := s.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if got := query(t, s.URL(""), "SELECT count(*)::text FROM pg_class WHERE relname ~ '^t[0-4]$'"); got != "5" {
			t.Errorf("%s tables, want 5", got)
		}
		if s.Port() != port || s.PID() == pid {
			t.Errorf("port %d, was %d; process %d, was %d", s.Port(), port, s.PID(), pid)
		}
	})
	t.Run("and_Restart_wait_for_backends_that_work_on", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{})
		conn, err := pgx.Connect(t.Context(), s.URL(""))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close(context.Background())
		done := make(chan struct{})
		go func() {
			defer close(done)
			// It computes for a while, and so does not notice the death.
			_, _ = conn.Exec(context.Background(), "SELECT count(*) FROM generate_series(1, 1000000) a WHERE md5(a::text) = ''")
		}()
		time.Sleep(50 * time.Millisecond)
		if err := s.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := s.Restart(t.Context()); err != nil {
			t.Error(err)
		}
		<-done
	})
	t.Run("may_be_called_again", func(t *testing.T) {
		t.Parallel()
		s := start(t, Config{})
		for range 2 {
			if err := s.Kill(); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestRestart_of_a_running_server_is_a_clean_one(t *testing.T) {
	t.Parallel()
	s := start(t, Config{Settings: map[string]string{"log_checkpoints": "off"}})
	pid := s.PID()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	log, err := os.ReadFile(s.LogFile())
	if err != nil {
		t.Fatal(err)
	}
	if s.PID() == pid || strings.Contains(string(log), "not properly shut down") || !strings.Contains(string(log), "database system is shut down") {
		t.Errorf("process %d, was %d; log:\n%s", s.PID(), pid, log)
	}
}
