package config

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
	"github.com/joho/godotenv"
)

// Load reads the settings from getenv and, where that is silent, from the file.
//
// In the file, $NAME is replaced in plain and double-quoted values: write a
// password with a dollar sign in single quotes.
//
//   - Shape: file is a path, empty for none; a file that does not exist is no error.
//   - Errors: every wrong setting, joined, each by its name and without its value.
func Load(getenv func(string) string, file string) (Config, error) {
	environ, err := fromFile(file)
	if err != nil {
		return Config{}, err
	}
	for _, name := range names() {
		if value := getenv(name); value != "" {
			environ[name] = value
		}
		// Windows editors and shells leave spaces behind.
		environ[name] = strings.TrimSpace(environ[name])
	}
	var cfg Config
	if err := env.ParseWithOptions(&cfg, env.Options{Environment: environ}); err != nil {
		return Config{}, redact(err)
	}
	return cfg, cfg.validate()
}

// fromFile hides godotenv's own text, which quotes the line.
func fromFile(file string) (map[string]string, error) {
	if file == "" {
		return map[string]string{}, nil
	}
	environ, err := godotenv.Read(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return map[string]string{}, nil
	case errors.As(err, new(*fs.PathError)):
		return nil, fmt.Errorf("config: %s cannot be read: %w", file, err)
	case err != nil:
		return nil, fmt.Errorf("config: %s has a line that is not NAME=value (quote values with spaces, quotes or #)", file)
	}
	return environ, nil
}

// names returns every setting's name in the environment.
func names() []string {
	t := reflect.TypeFor[Config]()
	out := make([]string, t.NumField())
	for i := range out {
		out[i] = t.Field(i).Tag.Get("env")
	}
	return out
}

// redact words env's errors anew: theirs quote the value.
func redact(err error) error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return errors.New("config: the settings cannot be read")
	}
	var out []error
	for _, one := range all.Errors {
		var parse env.ParseError
		if !errors.As(one, &parse) {
			out = append(out, errors.New("config: a setting cannot be read"))
			continue
		}
		field, _ := reflect.TypeFor[Config]().FieldByName(parse.Name)
		out = append(out, fmt.Errorf("config: %s must be %s", field.Tag.Get("env"), wanted(parse.Type)))
	}
	return errors.Join(out...)
}

func wanted(t reflect.Type) string {
	switch {
	case t == reflect.TypeFor[Seconds]():
		return `a number of seconds such as 1800, or a duration such as "30m"`
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	default:
		return "of type " + t.String()
	}
}

// maxConnections is far above what one PostgreSQL accepts: larger is a mistyping.
const maxConnections = 10_000

func (c Config) validate() error {
	var out []error
	check := func(ok bool, problem string) {
		if !ok {
			out = append(out, errors.New("config: "+problem))
		}
	}
	check(c.PoolSize == -1 || c.PoolSize >= 1 && c.PoolSize <= maxConnections,
		"POOL_SIZE must be 1 to 10000, or -1 for no limit")
	check(c.MaxOverflow >= -1 && c.MaxOverflow <= maxConnections,
		"MAX_OVERFLOW must be 0 to 10000, or -1 for no limit")
	check(c.PoolTimeout > 0, "POOL_TIMEOUT must be more than 0 seconds")
	check(c.PoolRecycle > 0 || c.PoolRecycle == Seconds(-time.Second),
		"POOL_RECYCLE must be more than 0 seconds, or -1 for never")
	check(c.ShutdownGrace > 0, "SHUTDOWN_GRACE must be more than 0 seconds")
	check(strings.Contains(c.ListenAddr, ":"), "LISTEN_ADDR must be host:port, such as 127.0.0.1:8000")
	return errors.Join(out...)
}

// maxSeconds keeps the product with a second inside an int64.
const maxSeconds = float64(math.MaxInt64 / int64(time.Second))

// UnmarshalText reads "1800", "0.5" or "30m".
func (s *Seconds) UnmarshalText(text []byte) error {
	if n, err := strconv.ParseFloat(string(text), 64); err == nil {
		if math.IsNaN(n) || math.Abs(n) >= maxSeconds {
			return errors.New("config: out of range")
		}
		*s = Seconds(n * float64(time.Second))
		return nil
	}
	d, err := time.ParseDuration(string(text))
	if err != nil {
		return errors.New("config: not a duration")
	}
	*s = Seconds(d)
	return nil
}
