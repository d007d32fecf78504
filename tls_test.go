package retort_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/localpg"
	"github.com/retort-go/retort/retorttest"
)

// authority signs certificates for one test.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return &authority{cert: cert, key: key}
}

func (a *authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

// sign makes a certificate for a name, in force until then, and its key.
func (a *authority) sign(t *testing.T, name string, until time.Time) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: until,
	}, a.cert, own.Public(), a.key)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(own)
	must(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
}

// tlsRules let each user in by a method of his own, and "plain" without TLS only.
const tlsRules = `local all all trust
hostnossl all plain all trust
hostssl all retort all trust
hostssl all skipped all trust
hostssl all scram all scram-sha-256
hostssl all hashed all md5
hostssl all clear all password
hostssl all client all cert
`

// tlsServer is a server with a certificate for name that a has signed.
func tlsServer(t *testing.T, f *files, a *authority, name string, until time.Time) *localpg.Server {
	t.Helper()
	cert, key := a.sign(t, name, until)
	prefix := fmt.Sprintf("%s-%d-", name, until.Unix())
	return serverWith(t, map[string]string{
		"ssl": "on", "ssl_cert_file": f.write(prefix+"cert", cert), "ssl_key_file": f.write(prefix+"key", key),
		"ssl_ca_file": f.write(prefix+"ca", a.pem()), "hba_file": f.write(prefix+"hba", tlsRules),
	})
}

// TestTLS connects, or is refused, in every way that a URL can ask for.
func TestTLS(t *testing.T) {
	t.Parallel()
	f, a := newFiles(t), newAuthority(t)
	in := time.Now().Add(time.Hour)
	good := tlsServer(t, f, a, "localhost", in)
	other := tlsServer(t, f, a, "db.example.com", in)
	expired := tlsServer(t, f, a, "localhost", time.Now().Add(-time.Hour))
	plain := retorttest.Server(t)

	admin := open(t, retort.Config{URL: good.SocketURL("postgres")})
	s := admin.Session()
	for _, sql := range []string{
		"CREATE ROLE skipped LOGIN PASSWORD 's3same'", "CREATE ROLE scram LOGIN PASSWORD 's3same'", "CREATE ROLE clear LOGIN PASSWORD 's3same'",
		"CREATE ROLE client LOGIN", "CREATE ROLE plain LOGIN",
		"SET LOCAL password_encryption = 'md5'", "CREATE ROLE hashed LOGIN PASSWORD 's3same'",
	} {
		_, err := s.Exec(t.Context(), sql)
		must(t, err)
	}
	must(t, s.Commit(t.Context()))

	clientCert, clientKey := a.sign(t, "client", in)
	// This process reads them, so they need no other owner.
	private := &files{t: t, dir: t.TempDir(), uid: -1}
	ca := "&sslrootcert=" + private.write("ca", a.pem())
	wrongCA := "&sslrootcert=" + private.write("wrong-ca", newAuthority(t).pem())
	client := "&sslcert=" + private.write("cert", clientCert) + "&sslkey=" + private.write("key", clientKey)

	const encrypted, readable = "true", "false"
	for _, tc := range []struct {
		name   string
		server *localpg.Server
		user   string
		query  string
		want   string // whether the server sees TLS, or a part of the error
	}{
		{"verify_full", good, "retort", "sslmode=verify-full" + ca, encrypted},
		{"verify_full_in_asyncpgs_spelling", good, "retort", "ssl=verify_full" + ca, encrypted},
		{"verify_full_refuses_another_authority", good, "retort", "sslmode=verify-full" + wrongCA, "signed by unknown authority"},
		{"verify_full_refuses_an_unknown_authority", good, "retort", "sslmode=verify-full", "certificate"},
		{"verify_full_refuses_another_name", other, "retort", "sslmode=verify-full" + ca, "not localhost"},
		{"verify_full_refuses_an_expired_certificate", expired, "retort", "sslmode=verify-full" + ca, "expired"},
		{"verify_full_refuses_plain_text", plain, "retort", "sslmode=verify-full" + ca, "refused TLS"},
		{"verify_ca", good, "retort", "sslmode=verify-ca" + ca, encrypted},
		{"verify_ca_takes_another_name", other, "retort", "sslmode=verify-ca" + ca, encrypted},
		{"verify_ca_refuses_another_authority", good, "retort", "sslmode=verify-ca" + wrongCA, "signed by unknown authority"},
		{"verify_ca_refuses_an_expired_certificate", expired, "retort", "sslmode=verify-ca" + ca, "expired"},
		{"require_takes_any_certificate", expired, "retort", "sslmode=require", encrypted},
		{"require_checks_where_it_knows_an_authority", good, "retort", "sslmode=require" + wrongCA, "signed by unknown authority"},
		{"require_refuses_plain_text", plain, "retort", "sslmode=require", "refused TLS"},
		{"ssl_true_refuses_plain_text", plain, "retort", "ssl=true", "refused TLS"},
		{"nothing_said_uses_TLS_where_it_is", good, "retort", "", encrypted},
		{"nothing_said_takes_plain_text", plain, "retort", "", readable},
		{"nothing_said_falls_back", good, "plain", "", readable},
		{"prefer_falls_back", good, "plain", "sslmode=prefer", readable},
		{"require_does_not_fall_back", good, "plain", "sslmode=require", "28000"},
		{"allow_begins_without", good, "plain", "sslmode=allow", readable},
		{"allow_takes_TLS_where_it_must", good, "retort", "sslmode=allow", encrypted},
		{"disable", good, "retort", "sslmode=disable", "28000"},

		{"client_certificate", good, "client", "sslmode=verify-full" + ca + client, encrypted},
		{"client_certificate_missing", good, "client", "sslmode=verify-full" + ca, "28000"},
		{"client_certificate_of_somebody_else", good, "client:s3same", "sslmode=verify-full" + ca + "&sslcertmode=disable" + client, "28000"},

		{"scram", good, "scram:s3same", "sslmode=require&require_auth=scram-sha-256", encrypted},
		{"scram_bound_to_the_channel", good, "scram:s3same", "sslmode=verify-full&channel_binding=require&require_auth=scram-sha-256" + ca, encrypted},
		{"md5_by_default", good, "hashed:s3same", "sslmode=require", encrypted},
		{"md5_refused", good, "hashed:s3same", "sslmode=require&require_auth=scram-sha-256", "authentication method requirement"},
		{"md5_refused_by_channel_binding", good, "hashed:s3same", "sslmode=require&channel_binding=require", "channel binding"},
		{"clear_text_by_default", good, "clear:s3same", "sslmode=require", encrypted},
		{"clear_text_refused", good, "clear:s3same", "sslmode=require&require_auth=scram-sha-256", "authentication method requirement"},
		{"clear_text_refused_by_channel_binding", good, "clear:s3same", "sslmode=require&channel_binding=require", "channel binding"},
		{"no_authentication_refused", good, "skipped:s3same", "sslmode=require&require_auth=scram-sha-256", "authentication method requirement"},
		{"no_authentication_refused_by_channel_binding", good, "skipped:s3same", "sslmode=require&channel_binding=require", "channel binding"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			raw := fmt.Sprintf("postgres://%s@localhost:%d/postgres?%s", tc.user, tc.server.Port(), tc.query)
			got, err := ask(t.Context(), open(t, retort.Config{URL: raw}), "SELECT coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false)::text")
			if err != nil {
				got = err.Error()
				if strings.Contains(got, "s3same") {
					t.Errorf("the password is seen: %s", got)
				}
			}
			if got != tc.want && (err == nil || !strings.Contains(got, tc.want)) {
				t.Errorf("%s: got %s, want %s", tc.query, got, tc.want)
			}
		})
	}
}

// TestCancelIsEncrypted listens to a connection that is given up in the middle of
// a statement: the request to cancel it, on a connection of its own, must be TLS
// too, or it would carry the secret that ends other people's statements.
func TestCancelIsEncrypted(t *testing.T) {
	t.Parallel()
	server := tlsServer(t, newFiles(t), newAuthority(t), "localhost", time.Now().Add(time.Hour))
	address, first := eavesdrop(t, server.Port())
	eng := open(t, retort.Config{URL: "postgres://retort@" + address + "/postgres?sslmode=require", PoolSize: 1})
	must(t, eng.Ping(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := ask(ctx, eng, "SELECT pg_sleep(60)::text"); err == nil {
		t.Fatal("the statement was not given up")
	}
	watch := open(t, retort.Config{URL: server.SocketURL("postgres")})
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		n, err := ask(t.Context(), watch, "SELECT count(*)::text FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT pg_sleep%'")
		must(t, err)
		if n == "0" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the statement goes on")
		}
	}
	const sslRequest = 80877103
	codes := first()
	if len(codes) < 2 {
		t.Fatalf("%d connections, want the request to cancel on one of its own", len(codes))
	}
	for i, code := range codes {
		if code != sslRequest {
			t.Errorf("connection %d began with %d in plain text, want %d", i+1, code, sslRequest)
		}
	}
}

// eavesdrop hands connections on to a port and notes how each begins.
func eavesdrop(t *testing.T, port int) (address string, first func() []uint32) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	var codes atomic.Pointer[[]uint32]
	codes.Store(new([]uint32))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			var head [8]byte
			to, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
			if err == nil {
				_, err = io.ReadFull(from, head[:])
			}
			if err != nil {
				_ = from.Close()
				continue
			}
			grown := append(append([]uint32(nil), *codes.Load()...), binary.BigEndian.Uint32(head[4:]))
			codes.Store(&grown)
			_, _ = to.Write(head[:])
			go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
			go func() { _, _ = io.Copy(from, to); _ = from.Close() }()
		}
	}()
	t.Cleanup(func() { _ = listener.Close(); <-ended })
	return listener.Addr().String(), func() []uint32 { return *codes.Load() }
}
