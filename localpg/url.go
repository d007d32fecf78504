package localpg

import (
	"net"
	"net/url"
	"strconv"
)

// URL is how to reach a database over TCP, postgres if none is named.
func (s *Server) URL(database string) string {
	return (&url.URL{
		Scheme:   "postgres",
		User:     url.User("retort"),
		Host:     net.JoinHostPort("127.0.0.1", strconv.Itoa(s.Port())),
		Path:     "/" + orPostgres(database),
		RawQuery: "sslmode=disable",
	}).String()
}

// SocketURL is how to reach a database over the server's Unix socket, which
// only the server's user and root can open; postgres if none is named.
func (s *Server) SocketURL(database string) string {
	query := url.Values{"host": {s.place.run}, "port": {strconv.Itoa(s.Port())}, "sslmode": {"disable"}}
	// Host names the socket's folder in the query, so that the authority is empty.
	return "postgres://retort@/" + url.PathEscape(orPostgres(database)) + "?" + query.Encode()
}

func orPostgres(database string) string {
	if database == "" {
		return "postgres"
	}
	return database
}

// Port is the TCP port on 127.0.0.1, the same over restarts.
func (s *Server) Port() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.port
}

// PID is the postmaster's process number, 0 while none runs.
func (s *Server) PID() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.proc == nil || !s.proc.running() {
		return 0
	}
	return s.proc.pid()
}

// DataDir is the cluster's folder, as a full name.
func (s *Server) DataDir() string { return s.place.data }

// LogFile is the server's own log, begun anew by each Start.
func (s *Server) LogFile() string { return s.place.log }

// Version is PostgreSQL's version, such as "15.18".
func (s *Server) Version() string { return s.bin.Version }

// Major is PostgreSQL's major version, such as 15.
func (s *Server) Major() int { return s.bin.Major }

// Binaries is the PostgreSQL that the server runs.
func (s *Server) Binaries() Binaries { return s.bin }
