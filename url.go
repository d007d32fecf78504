package retort

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// errURL never quotes the URL: the part that is wrong may be the password.
func errURL(format string, args ...any) error {
	return fmt.Errorf("retort: Config.URL: "+format, args...)
}

const urlExample = "postgres://user:password@host:5432/name"

// schemes are what SQLAlchemy, libpq and pgx users write.
var schemes = []string{"postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2"}

// databaseURL is a database URL taken apart, every part decoded.
type databaseURL struct {
	user, password string
	hosts, ports   []string // pairs, unless a parameter gave one port for all; empty is the default
	database       string
	parameters     map[string]string // by libpq's names, without those above
	keywords       bool              // it was host=… user=…
}

// parseURL reads a database URL.
//
// It takes the URL apart by itself and hands pgconn one in which everything is
// a percent-encoded parameter: what is accepted, and where a password ends, is
// then decided in one place, and no error of pgconn's is passed on.
//
//   - Shape: libpq's defaults and PG… environment variables fill what is missing.
//     ConnectTimeout is set where the URL or PGCONNECT_TIMEOUT says so; the dialer
//     does not know of it.
//   - Errors: say what is wrong and never quote the URL, however it is misspelled.
func parseURL(raw string) (*pgx.ConnConfig, error) {
	u, err := splitURL(raw)
	if err != nil {
		return nil, err
	}
	cfg, err := pgx.ParseConfig(u.canonical())
	if err != nil {
		return nil, errURL("%s", u.reason())
	}
	if err := checkRuntimeParams(cfg.RuntimeParams); err != nil {
		return nil, err
	}
	// Without it the server takes our UTF-8 for the encoding of the database, or of
	// the role, and stores two characters for an é where that is LATIN1.
	cfg.RuntimeParams["client_encoding"] = "UTF8"
	// pgconn puts PGCONNECT_TIMEOUT into its dialer, where it would overrule
	// Config.ConnectTimeout.
	cfg.DialFunc = (&net.Dialer{}).DialContext
	if text, ok := u.parameters["connect_timeout"]; ok {
		seconds, _ := strconv.Atoi(text) // as checked
		cfg.ConnectTimeout = time.Duration(seconds) * time.Second
	}
	return cfg, nil
}

// splitURL takes a URL apart: scheme://user:password@host:port,host:port/name?a=b&c=d,
// or the keyword form.
//
// Where a special character of a password was not encoded, the URL is ambiguous;
// it is refused then, since a wrong guess would show a part of the password as
// the name of the host or the database.
func splitURL(raw string) (*databaseURL, error) {
	if strings.TrimSpace(raw) == "" {
		return nil, errURL("is empty; give %s", urlExample)
	}
	if isKeywords(raw) {
		u, err := splitKeywords(raw)
		if err != nil {
			return nil, err
		}
		return u.checked()
	}
	if i := strings.IndexFunc(raw, func(r rune) bool { return r <= ' ' || r == 0x7f }); i >= 0 {
		return nil, errURL("has a space, line break or control character at offset %d; remove it, or percent-encode it (a space is %%20)", i)
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return nil, errURL("has no scheme; write %s, or host=… user=… password=… dbname=…", urlExample)
	}
	if !slices.Contains(schemes, strings.ToLower(scheme)) {
		return nil, errURL("the scheme is none of %s; write %s", strings.Join(schemes, ", "), urlExample)
	}
	if strings.Contains(rest, "#") {
		return nil, errURL("contains #; percent-encode it as %%23")
	}
	authority, path, query := cutURL(rest)
	if strings.Contains(path, "@") || strings.Contains(query, "@") {
		return nil, errURL("an @ stands behind the host; percent-encode it as %%40, and in a user or password also / as %%2F and ? as %%3F")
	}
	if strings.Count(authority, "@") > 1 {
		return nil, errURL("has more than one @ before the host; percent-encode those in the user and the password as %%40")
	}
	u := &databaseURL{parameters: make(map[string]string)}
	user, hosts, hasUser := strings.Cut(authority, "@")
	if !hasUser {
		user, hosts = "", authority
	}
	if err := errors.Join(u.splitUser(user), u.splitHosts(hosts), u.splitDatabase(path), u.splitQuery(query)); err != nil {
		return nil, err
	}
	return u.checked()
}

// checked is u, if everything in it can be.
func (u *databaseURL) checked() (*databaseURL, error) {
	if err := errors.Join(u.checkNames(), u.checkParameters()); err != nil {
		return nil, err
	}
	return u, nil
}

// cutURL parts what follows the scheme at the first / and the first ?.
func cutURL(rest string) (authority, path, query string) {
	rest, query, _ = strings.Cut(rest, "?")
	authority, path, _ = strings.Cut(rest, "/")
	return authority, path, query
}

// canonical is the URL that pgconn reads.
func (u *databaseURL) canonical() string {
	var b strings.Builder
	b.WriteString("postgres://?")
	put := func(name, value string) {
		if value != "" {
			b.WriteString(name + "=" + escape(value) + "&")
		}
	}
	put("user", u.user)
	put("password", u.password)
	put("host", strings.Join(u.hosts, ","))
	put("port", strings.Join(u.ports, ","))
	put("dbname", u.database)
	for name, value := range u.parameters {
		if name != "connect_timeout" {
			put(name, value)
		}
	}
	return strings.TrimSuffix(b.String(), "&")
}

// escape percent-encodes everything but letters and digits: pgconn reads + as it
// stands, which url.QueryEscape makes of a space.
func escape(s string) string {
	const hex = "0123456789ABCDEF"
	out := make([]byte, 0, len(s)+8)
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
			out = append(out, c)
		default:
			out = append(out, '%', hex[c>>4], hex[c&15])
		}
	}
	return string(out)
}

// maskURL hides everything of a URL that may be a secret. What does not parse is
// hidden whole.
func maskURL(raw string) string {
	if raw == "" {
		return ""
	}
	u, err := splitURL(raw)
	if err != nil {
		return "(hidden: not a valid URL)"
	}
	masked := url.URL{Scheme: "postgres", Path: "/" + u.database}
	if u.user != "" {
		masked.User = url.User(u.user)
	}
	var sockets []string
	for i, host := range u.hosts {
		if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@") {
			sockets = append(sockets, host)
			continue
		}
		if masked.Host != "" {
			masked.Host += ","
		}
		masked.Host += joined(host, u.port(i))
	}
	if len(sockets) > 0 {
		masked.RawQuery = "host=" + strings.Join(sockets, ",")
	}
	return masked.String()
}

// port is what was written as the port of host i.
func (u *databaseURL) port(i int) string {
	if len(u.ports) == 0 {
		return ""
	}
	return u.ports[min(i, len(u.ports)-1)]
}

func joined(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	return host
}
