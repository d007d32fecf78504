package retort

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// errURL never quotes the URL: the part that is wrong may be the password.
func errURL(format string, args ...any) error {
	return fmt.Errorf("retort: Config.URL: "+format, args...)
}

// schemes maps what SQLAlchemy, libpq and pgx users write to what pgconn reads.
var schemes = []string{"postgres", "postgresql", "postgresql+asyncpg", "postgresql+psycopg", "postgresql+psycopg2"}

// sslModes are libpq's values of sslmode, and what asyncpg's ssl accepts.
var sslModes = []string{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"}

// parameters are the query parameters that pgconn understands or that are safe
// to hand to the server as start-up parameters. Any other is a misspelling, and
// the server would refuse the connection for it.
var parameters = []string{
	"host", "port", "user", "password", "dbname", "database", "sslmode", "sslrootcert", "sslcert", "sslkey",
	"sslpassword", "sslsni", "sslnegotiation", "connect_timeout", "application_name", "passfile",
	"target_session_attrs", "krbspn", "krbsrvname", "channel_binding", "require_auth",
	"search_path", "timezone", "statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "options",
}

// parseURL reads a database URL.
//
//   - Errors: say what is wrong and never quote the URL, however it is misspelled.
func parseURL(raw string) (*pgconn.Config, error) {
	if strings.TrimSpace(raw) == "" {
		return nil, errURL("is empty; give postgres://user:password@host:5432/name")
	}
	scheme, rest, ok := strings.Cut(raw, "://")
	if !ok {
		return nil, errURL("has no scheme; write postgres://user:password@host:5432/name")
	}
	if !slices.Contains(schemes, strings.ToLower(scheme)) {
		return nil, errURL("the scheme is none of %s; write postgres://user:password@host:5432/name", strings.Join(schemes, ", "))
	}
	u, err := url.Parse("postgres://" + rest)
	if err != nil {
		return nil, errURL("is not a valid URL; percent-encode special characters in the user and the password (@ is %%40, / is %%2F, # is %%23, %% is %%25)")
	}
	if u.Fragment != "" || strings.Contains(raw, "#") {
		return nil, errURL("contains #; percent-encode it as %%23")
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errURL("the parameters behind ? are not valid; write name=value&name=value with percent-encoding")
	}
	if err := checkParameters(query); err != nil {
		return nil, err
	}
	u.RawQuery = query.Encode()
	cfg, err := pgconn.ParseConfig(u.String())
	if err != nil {
		return nil, errURL("%s", reason(u, query))
	}
	return cfg, nil
}

// checkParameters translates asyncpg's ssl and refuses what nobody understands.
func checkParameters(query url.Values) error {
	var errs []error
	for name, values := range query {
		if len(values) > 1 {
			errs = append(errs, errURL("a parameter is given twice; give each once"))
		}
		if name == "ssl" {
			continue
		}
		if !slices.Contains(parameters, name) {
			errs = append(errs, errURL("an unknown parameter stands behind ?; known are ssl, %s", strings.Join(parameters, ", ")))
		}
	}
	if ssl, ok := query["ssl"]; ok {
		query.Del("ssl")
		mode := map[string]string{"true": "require", "false": "disable"}[ssl[0]]
		query.Set("sslmode", pick(mode, ssl[0]))
	}
	if mode := query.Get("sslmode"); query.Has("sslmode") && !slices.Contains(sslModes, mode) {
		errs = append(errs, errURL("sslmode is none of %s", strings.Join(sslModes, ", ")))
	}
	return errors.Join(errs...)
}

// reason guesses what pgconn did not like; its own message may hold the password.
func reason(u *url.URL, query url.Values) string {
	switch {
	case query.Has("sslrootcert") || query.Has("sslcert") || query.Has("sslkey"):
		return "a certificate or key file of sslrootcert, sslcert or sslkey cannot be read"
	case query.Has("target_session_attrs"):
		return "target_session_attrs is none of any, read-write, read-only, primary, standby, prefer-standby"
	case u.Port() != "" || query.Has("port"):
		return "the port must be a number from 1 to 65535, and connect_timeout a number of seconds"
	default:
		return "cannot be understood; write postgres://user:password@host:5432/name?name=value"
	}
}

// maskURL hides everything of a URL that may be a secret. What does not parse is
// hidden whole.
func maskURL(raw string) string {
	if raw == "" {
		return ""
	}
	cfg, err := parseURL(raw)
	if err != nil {
		return "(hidden: not a valid URL)"
	}
	masked := url.URL{Scheme: "postgres", Host: fmt.Sprintf("%s:%d", cfg.Host, cfg.Port), Path: "/" + cfg.Database}
	if strings.HasPrefix(cfg.Host, "/") {
		masked.Host, masked.RawQuery = "", "host="+cfg.Host
	}
	if cfg.User != "" {
		masked.User = url.User(cfg.User)
	}
	return masked.String()
}
