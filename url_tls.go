package retort

import (
	"net/netip"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// plainHost finds a host outside of private networks to which a connection may
// fall back to plain text, because nothing was said about TLS. As libpq and
// asyncpg do, TLS is then used where the server offers it, and nobody notices
// where somebody on the way says that it does not.
func plainHost(raw string, cfg *pgconn.Config) (host string, found bool) {
	u, err := splitURL(raw)
	if err != nil || u.parameters["sslmode"] != "" || os.Getenv("PGSSLMODE") != "" {
		return "", false
	}
	attempts := append([]*pgconn.FallbackConfig{{Host: cfg.Host, TLSConfig: cfg.TLSConfig}}, cfg.Fallbacks...)
	falls := slices.ContainsFunc(attempts, func(a *pgconn.FallbackConfig) bool { return a.TLSConfig != nil })
	for _, a := range attempts {
		if falls && a.TLSConfig == nil && public(a.Host) { // else a service file says disable
			return a.Host, true
		}
	}
	return "", false
}

// public tells whether the way to host leaves this machine and the private
// networks. It asks nobody: a name without a dot is one of a private network
// (Docker, Kubernetes), and so is one below a top level that is reserved for them.
func public(host string) bool {
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
		return false
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return !ip.IsLoopback() && !ip.IsPrivate() && !ip.IsLinkLocalUnicast() && !ip.IsUnspecified()
	}
	name := strings.ToLower(strings.TrimSuffix(host, "."))
	for _, private := range []string{".localhost", ".local", ".internal", ".lan", ".home.arpa", ".svc", ".test"} {
		if strings.HasSuffix(name, private) {
			return false
		}
	}
	return strings.Contains(name, ".")
}
