package pgerr

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// ConnectError is a connection that could not be opened.
//
// Its chain never holds pgx's own connect and parse errors, whose fields keep
// the configuration with its password.
//
//   - Errors: unwraps to one error or several joined: a [*ServerError], network
//     errors, a context's error; anything else only as text.
type ConnectError struct {
	Host     string // the first one where several are configured
	Port     uint16
	Database string
	User     string
	Err      error `json:"-"`
}

// NewConnectError describes why the connection that cfg asks for failed; cfg's
// password is looked for in every text that is kept, and cfg itself is not kept.
func NewConnectError(cfg *pgconn.Config, err error) *ConnectError {
	e := &ConnectError{Host: cfg.Host, Port: cfg.Port, Database: cfg.Database, User: cfg.User}
	c := collector{cfg: cfg, several: several(cfg)}
	c.collect(err, attempt{})
	kept := c.kept
	if plainToo(cfg) {
		kept = withoutRefusedTLS(kept)
	}
	if len(kept) == 1 {
		e.Err = kept[0]
	} else {
		e.Err = errors.Join(kept...)
	}
	return e
}

// Error names the server, the database and the user, and what went wrong.
func (e *ConnectError) Error() string {
	cause := "unknown cause"
	if e.Err != nil {
		cause = strings.ReplaceAll(e.Err.Error(), "\n", "; ")
	}
	return fmt.Sprintf("pgerr: cannot connect to database %q as user %q at %s port %d: %s; see docs/errors.md#connect",
		e.Database, e.User, e.Host, e.Port, cause)
}

// Unwrap gives the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// attempt is the address that was tried, as far as it is known, and how far it went.
type attempt struct{ at, stage string }

// collector gathers what can be said of a failed connect.
type collector struct {
	cfg     *pgconn.Config
	several bool // addresses are configured, so each cause has to say of which it is
	kept    []error
}

// collect walks err's tree and keeps the errors that are known to be harmless.
func (c *collector) collect(err error, tried attempt) {
	if err == nil {
		return
	}
	if safe := harmless(err); safe != nil {
		c.keep(safe, tried)
		return
	}
	switch e := err.(type) { //nolint:errorlint // each link of the chain is looked at by itself
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			c.collect(inner, tried)
		}
		return
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			if at := attemptOf(err.Error()); at.at != "" {
				tried = at
			}
			c.collect(inner, tried)
			return
		}
	}
	c.keep(errors.New(opaqueText(err)), tried)
}

// keep adds a cause, once: an address that is tried with TLS and without fails twice
// alike.
func (c *collector) keep(err error, tried attempt) {
	if c.cfg.Password == "" && Code(err) == "28P01" {
		err = fmt.Errorf("%w; no password was given: there is none in the URL, the environment and the password file, nor from a PasswordFunc", err)
	}
	if errors.Is(err, context.DeadlineExceeded) && tried.stage != "" {
		err = fmt.Errorf("no answer in time (%s): %w", tried.stage, err)
	}
	switch err.(type) { //nolint:errorlint // as collect has it
	case *net.OpError, *net.DNSError: // they name the address themselves
	default:
		if c.several && tried.at != "" {
			err = fmt.Errorf("%s: %w", tried.at, err)
		}
	}
	err = guarded(err, c.cfg)
	text := err.Error()
	if !slices.ContainsFunc(c.kept, func(other error) bool { return other.Error() == text }) {
		c.kept = append(c.kept, err)
	}
}

// attemptOf reads what pgx puts before the failure of one attempt, in a type of its
// own: "10.0.0.2:5432 (db2): dial error: …".
func attemptOf(text string) attempt {
	address, rest, _ := strings.Cut(text, " (")
	name, rest, closed := strings.Cut(rest, "): ")
	stage, _, _ := strings.Cut(rest, ": ")
	host, _, err := net.SplitHostPort(address)
	switch {
	case !closed || err != nil && !strings.HasPrefix(address, "/"):
		return attempt{}
	case err != nil || host == name:
		return attempt{address, stage}
	default:
		return attempt{name + " (" + address + ")", stage}
	}
}

// several reports whether more than one address is configured.
func several(cfg *pgconn.Config) bool {
	return slices.ContainsFunc(cfg.Fallbacks, func(f *pgconn.FallbackConfig) bool { return f.Host != cfg.Host || f.Port != cfg.Port })
}

// refusedTLS is what pgx says of a server that speaks no TLS.
const refusedTLS = "server refused TLS connection"

// plainToo reports whether each address that is tried with TLS is tried without,
// too, as sslmode=prefer has it, the default.
func plainToo(cfg *pgconn.Config) bool {
	attempts := append([]*pgconn.FallbackConfig{{Host: cfg.Host, Port: cfg.Port, TLSConfig: cfg.TLSConfig}}, cfg.Fallbacks...)
	type address struct {
		host string
		port uint16
	}
	plain := map[address]bool{}
	for _, a := range attempts {
		if a.TLSConfig == nil {
			plain[address{a.Host, a.Port}] = true
		}
	}
	return !slices.ContainsFunc(attempts, func(a *pgconn.FallbackConfig) bool { return !plain[address{a.Host, a.Port}] })
}

// withoutRefusedTLS leaves out that a server speaks no TLS where that was no
// obstacle: it would stand before the true cause and be taken for it.
func withoutRefusedTLS(causes []error) []error {
	others := slices.DeleteFunc(slices.Clone(causes), func(err error) bool { return strings.HasSuffix(err.Error(), refusedTLS) })
	if len(others) == 0 {
		return causes
	}
	return others
}

// harmless gives the error to keep for err, nil where err is not known to be free
// of the configuration.
func harmless(err error) error {
	switch e := err.(type) { //nolint:errorlint // each link of the chain is looked at by itself
	case *pgconn.PgError:
		return NewServerError(e)
	case *net.OpError, *net.DNSError, *net.AddrError, *os.SyscallError:
		return err
	}
	for _, known := range []error{
		context.Canceled, context.DeadlineExceeded, os.ErrDeadlineExceeded,
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed,
	} {
		if err == known { //nolint:errorlint // this link, not one below it
			return err
		}
	}
	return nil
}

func opaqueText(err error) string {
	switch err.(type) { //nolint:errorlint // each link of the chain is looked at by itself
	case *pgconn.ConnectError, *pgconn.ParseConfigError:
		return "the connection attempt failed"
	default:
		return err.Error()
	}
}

// guarded withholds a text that holds the password; not where every text does, since
// the user or the database is called the same.
func guarded(err error, cfg *pgconn.Config) error {
	secret := cfg.Password
	if secret == "" || strings.Contains(cfg.User, secret) || strings.Contains(cfg.Database, secret) || !strings.Contains(err.Error(), secret) {
		return err
	}
	return errors.New("the cause is withheld, since its text holds the password")
}
