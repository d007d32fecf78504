package localpg

import (
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Config says which server to run and where its files live; its zero value is
// an ephemeral cluster on the newest PostgreSQL found.
type Config struct {
	// BinDir is PostgreSQL's bin folder. Empty: as [Find] looks for it.
	BinDir string

	// DataDir is the folder of a kept cluster, made on first use. Empty: an
	// ephemeral cluster, removed by Stop. When this process is root and the
	// server's user cannot reach the folder, one under /var/tmp is used
	// instead, said by a warning to Logger and by [Server.DataDir].
	DataDir string

	// CacheDir holds the template clusters, about 40 MB for each version of
	// PostgreSQL. Empty: a folder of this user in memory (/dev/shm) where there
	// is 1 GiB of room, else under the temporary folder.
	CacheDir string

	// Settings are run-time parameters by name, as in postgresql.conf; they win
	// over everything that the cluster has stored. A port given here is used as
	// it is; listen_addresses and unix_socket_directories cannot be set.
	//
	// Defaults: max_connections 200, timezone UTC; ephemeral clusters also
	// fsync off and full_page_writes off.
	Settings map[string]string

	// Logger hears of starts and stops. Nil: nobody does. The server's own log
	// is the file [Server.LogFile].
	Logger *slog.Logger

	primary *Server // whose copy the cluster begins as; nil for an empty one
}

var settingName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.]*$`)

// validate reports every problem of the settings at once.
func (c Config) validate() error {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(c.Settings)) {
		switch folded := strings.ToLower(name); {
		case !settingName.MatchString(name):
			problems = append(problems, fmt.Sprintf("%q is not a parameter's name", name))
		case folded == "listen_addresses", folded == "unix_socket_directories":
			problems = append(problems, name+" cannot be set, the server stays private to this machine")
		case folded == "port":
			if n, err := strconv.Atoi(c.Settings[name]); err != nil || n < 1 || n > 65535 {
				problems = append(problems, "port must be a number from 1 to 65535")
			}
		case strings.ContainsRune(c.Settings[name], 0):
			problems = append(problems, name+" has a value with a NUL byte")
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("localpg: Config.Settings: %s", strings.Join(problems, "; "))
	}
	return nil
}

// fixedPort is the port that the settings ask for, 0 for any free one.
func (c Config) fixedPort() int {
	for name, value := range c.Settings {
		if strings.EqualFold(name, "port") {
			n, _ := strconv.Atoi(value)
			return n
		}
	}
	return 0
}

// arguments are the postmaster's -c options, defaults first and the user's
// settings last, in a stable order.
func (c Config) arguments(place place) []string {
	defaults := map[string]string{
		"max_connections":  "200",
		"timezone":         "UTC",
		"log_timezone":     "UTC",
		"listen_addresses": "127.0.0.1",
	}
	if place.ephemeral {
		defaults["fsync"] = "off"
		defaults["full_page_writes"] = "off"
	}
	if place.tmpfs {
		// POSIX segments would outlive a killed postmaster in /dev/shm.
		defaults["dynamic_shared_memory_type"] = "mmap"
	}
	for name, value := range c.Settings {
		if name = strings.ToLower(name); name != "port" {
			defaults[name] = value
		}
	}
	var args []string
	for _, name := range slices.Sorted(maps.Keys(defaults)) {
		args = append(args, "-c", name+"="+defaults[name])
	}
	return args
}

func (c Config) logger() *slog.Logger {
	if c.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return c.Logger
}
