package flight_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/retort-go/retort/internal/flight"
)

func skipWithoutPoll(t *testing.T) {
	t.Helper()
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("no poll here: age and ping decide")
	}
}

func TestAlive(t *testing.T) {
	t.Parallel()
	skipWithoutPoll(t)

	t.Run("while_the_server_is_there", func(t *testing.T) {
		t.Parallel()
		server := ownServer(t, nil) // one of which the socket is known
		other := connect(t, server.URL("postgres"))
		fly(t, other, &flight.Flight{Statements: []flight.Statement{stmt("CREATE TABLE things (id int, name text)")}})
		for _, url := range []string{server.URL("postgres"), server.SocketURL("postgres")} {
			c := connect(t, url)
			fly(t, c, write(strconv.Itoa(int(c.PID()))))
			if !c.Alive() {
				t.Error("dead after a good flight")
			}
			terminate(t, other, c)
			waitDead(t, c)
			if c.Broken() {
				t.Error("poll looked, and broke the connection")
			}
		}
	})

	t.Run("until_the_line_is_cut", func(t *testing.T) {
		t.Parallel()
		p, url := startProxy(t, things(t).URL())
		c := connect(t, url)
		if !c.Alive() {
			t.Error("dead from the start")
		}
		p.cut()
		waitDead(t, c)
	})

	t.Run("until_bytes_come_that_nobody_asked_for", func(t *testing.T) {
		t.Parallel()
		db := things(t)
		c := connect(t, db.URL())
		fly(t, c, &flight.Flight{Statements: []flight.Statement{raw("LISTEN news")}})
		if !c.Alive() {
			t.Error("dead before the notification")
		}
		db.Exec(t, "NOTIFY news")
		waitDead(t, c)
		// Reading them makes it alive again: nothing was wrong.
		if err := c.Ping(t.Context()); err != nil || !c.Alive() {
			t.Errorf("alive %t: %v", c.Alive(), err)
		}
	})

	t.Run("under_tls", func(t *testing.T) {
		t.Parallel()
		server := ownServer(t, tlsSettings(t))
		c := connect(t, strings.Replace(server.URL("postgres"), "sslmode=disable", "sslmode=require", 1))
		if _, ok := c.PgConn().Conn().(*tls.Conn); !ok {
			t.Fatal("no TLS")
		}
		fly(t, c, &flight.Flight{Statements: []flight.Statement{stmt("CREATE TABLE things (id int, name text)")}})
		fly(t, c, write("1"))
		if !c.Alive() {
			t.Error("dead after a good flight")
		}
		other := connect(t, server.URL("postgres"))
		terminate(t, other, c)
		waitDead(t, c)
		_ = wantOutcome(t, c.Fly(t.Context(), write("2")), flight.NotExecuted, -1)
	})
}

// terminate has the server end the connection c.
func terminate(t *testing.T, other, c *flight.Conn) {
	t.Helper()
	fly(t, other, &flight.Flight{Statements: []flight.Statement{stmt("SELECT pg_terminate_backend($1)", strconv.Itoa(int(c.PID())))}})
}

// TestAliveAllocatesNothing must run alone: allocations are counted for the process.
func TestAliveAllocatesNothing(t *testing.T) {
	c := connect(t, things(t).URL())
	if allocs := testing.AllocsPerRun(1000, func() { c.Alive() }); allocs != 0 {
		t.Errorf("%v allocations, want none", allocs)
	}
}

// tlsSettings make a server's own certificate, readable by the server's user.
func tlsSettings(t *testing.T) map[string]string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"localhost"}}
	cert, err := x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "flight-tls-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	settings := map[string]string{"ssl": "on"}
	for name, block := range map[string]*pem.Block{
		"ssl_cert_file": {Type: "CERTIFICATE", Bytes: cert}, "ssl_key_file": {Type: "PRIVATE KEY", Bytes: private},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
		if owner, err := user.Lookup("postgres"); os.Geteuid() == 0 && err == nil {
			uid, _ := strconv.Atoi(owner.Uid)
			if err := os.Chown(file, uid, -1); err != nil {
				t.Fatal(err)
			}
		}
		settings[name] = file
	}
	return settings
}
