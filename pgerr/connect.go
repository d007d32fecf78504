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
	var kept []error
	collect(err, cfg.Password, &kept)
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

// collect walks err's tree and keeps the errors that are known to be harmless.
func collect(err error, password string, kept *[]error) {
	if err == nil {
		return
	}
	if safe := harmless(err); safe != nil {
		*kept = append(*kept, guarded(safe, password))
		return
	}
	switch e := err.(type) { //nolint:errorlint // each link of the chain is looked at by itself
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			collect(inner, password, kept)
		}
	case interface{ Unwrap() error }:
		if inner := e.Unwrap(); inner != nil {
			collect(inner, password, kept)
			return
		}
		*kept = append(*kept, guarded(errors.New(opaqueText(err)), password))
	default:
		*kept = append(*kept, guarded(errors.New(opaqueText(err)), password))
	}
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
	others := slices.DeleteFunc(slices.Clone(causes), func(err error) bool { return err.Error() == refusedTLS })
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

func guarded(err error, password string) error {
	if password != "" && strings.Contains(err.Error(), password) {
		return errors.New("the cause is withheld, since its text holds the password")
	}
	return err
}
