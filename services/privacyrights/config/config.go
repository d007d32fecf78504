package config

import "time"

// Config is every setting of the service.
//
//   - Shape: a setting that is unset or empty takes its default.
type Config struct {
	// DatabaseURL says where PostgreSQL is, postgresql+asyncpg:// included.
	// Empty: a PostgreSQL of the service's own, its data in DataDir.
	DatabaseURL string `env:"DATABASE_URL"`
	// DataDir keeps the embedded PostgreSQL's data. Default .data, from the
	// working directory.
	DataDir string `env:"DATA_DIR" envDefault:".data"`

	// Debug logs every SQL statement and the debug level, and adds a Server-Timing
	// header to every answer.
	Debug bool `env:"DEBUG" envDefault:"false"`

	// Metrics serves GET /metrics for Prometheus, to everybody who reaches the
	// service. Default off.
	Metrics bool `env:"METRICS" envDefault:"false"`

	// Title, Description and Version are what GET / and the docs pages show.
	Title       string `env:"APP_TITLE" envDefault:"Privacy Rights API"`
	Description string `env:"APP_DESCRIPTION" envDefault:"Requests of people for their data under GDPR and CCPA: received, worked on, answered in time."`
	Version     string `env:"APP_VERSION" envDefault:"0.1.0"`

	// ListenAddr is host:port; port 0 takes a free one. Default 127.0.0.1:8000.
	ListenAddr string `env:"LISTEN_ADDR" envDefault:"127.0.0.1:8000"`
	// ShutdownGrace is how long requests in flight may take after SIGTERM.
	// Default 10 seconds.
	ShutdownGrace Seconds `env:"SHUTDOWN_GRACE" envDefault:"10"`

	// PoolSize connections are kept. Default 10. Range 1–10000, or -1 without limit.
	PoolSize int `env:"POOL_SIZE" envDefault:"10"`
	// MaxOverflow more are opened under load. Default 20. Range 0–10000, or -1
	// without limit.
	MaxOverflow int `env:"MAX_OVERFLOW" envDefault:"20"`
	// PoolTimeout is how long a request waits for a connection. Default 30 seconds.
	PoolTimeout Seconds `env:"POOL_TIMEOUT" envDefault:"30"`
	// PoolRecycle is the age at which a connection is replaced. Default 1800
	// seconds; -1 is never.
	PoolRecycle Seconds `env:"POOL_RECYCLE" envDefault:"1800"`
	// PoolPrePing tests idle connections before they are lent. Default on.
	PoolPrePing bool `env:"POOL_PRE_PING" envDefault:"true"`
}

// Embedded reports whether the service runs its own PostgreSQL.
func (c Config) Embedded() bool { return c.DatabaseURL == "" }

// Seconds is a duration that is written as a number of seconds ("1800", "-1",
// "0.5") or with units ("30m").
type Seconds time.Duration

// Duration returns s as a time.Duration.
func (s Seconds) Duration() time.Duration { return time.Duration(s) }
