package retort

import (
	"errors"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
)

// runtimeParameters are the settings of a session that a URL may carry; they go
// to the server in the start-up message.
var runtimeParameters = []string{
	"application_name", "search_path", "timezone", "options",
	"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout",
}

// driverParameters are the parameters of a URL that the driver understands.
var driverParameters = []string{
	"host", "port", "user", "password", "dbname", "passfile", "connect_timeout",
	"service", "ssl", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcertmode", "sslpassword", "sslsni", "sslnegotiation",
	"channel_binding", "require_auth", "krbspn", "krbsrvname", "target_session_attrs",
	"min_protocol_version", "max_protocol_version",
}

// foreignParameters are what other drivers and libpq read and Retort does not.
// Only a name on this list is repeated in an error: any other may be a part of
// the password.
var foreignParameters = []string{
	"client_encoding", "command_timeout", "fallback_application_name", "gssencmode", "gssdelegation", "gsslib",
	"hostaddr", "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "load_balance_hosts",
	"max_cached_statement_lifetime", "pgbouncer", "pool_max_conns", "pool_min_conns", "pool_size",
	"prepared_statement_cache_size", "prepared_statement_name_func", "prepareThreshold", "replication", "requirepeer",
	"schema", "server_settings", "servicefile", "sslcompression", "sslcrl", "sslcrldir", "statement_cache_size",
	"tcp_user_timeout", "default_query_exec_mode", "statement_cache_capacity", "description_cache_capacity",
}

// choices are the parameters with few values.
var choices = map[string][]string{
	"sslmode":              {"disable", "allow", "prefer", "require", "verify-ca", "verify-full"},
	"sslsni":               {"0", "1"},
	"sslnegotiation":       {"postgres", "direct"},
	"sslcertmode":          {"disable", "allow", "require"},
	"channel_binding":      {"disable", "prefer", "require"},
	"target_session_attrs": {"any", "read-write", "read-only", "primary", "standby", "prefer-standby"},
}

// checkParameters translates asyncpg's ssl and refuses what nobody understands.
func (u *databaseURL) checkParameters() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, errURL(format, args...)) }
	for _, name := range slices.Sorted(maps.Keys(u.parameters)) {
		switch {
		case slices.Contains(driverParameters, name), slices.Contains(runtimeParameters, name):
		case slices.Contains(foreignParameters, name):
			problem("the parameter %s is not one of Retort's; remove it", name)
		default:
			where := "parameter stands behind ?"
			if u.keywords {
				where = "keyword is given"
			}
			problem("an unknown %s; known are %s", where,
				strings.Join(slices.Concat(driverParameters, runtimeParameters), ", "))
		}
	}
	if ssl, ok := u.parameters["ssl"]; ok {
		if _, both := u.parameters["sslmode"]; both {
			problem("has both ssl and sslmode; give one")
		}
		delete(u.parameters, "ssl")
		// asyncpg takes an underscore for the hyphen; other drivers write true and false.
		ssl = strings.ReplaceAll(ssl, "_", "-")
		u.parameters["sslmode"] = pick(map[string]string{"true": "require", "false": "disable"}[ssl], ssl)
	}
	for _, name := range slices.Sorted(maps.Keys(choices)) {
		if value, ok := u.parameters[name]; ok && !slices.Contains(choices[name], value) {
			problem("%s is none of %s", name, strings.Join(choices[name], ", "))
		}
	}
	if seconds, ok := u.parameters["connect_timeout"]; ok {
		if _, err := strconv.ParseUint(seconds, 10, 31); err != nil {
			problem("connect_timeout is no whole number of seconds; 0 is the default of Config.ConnectTimeout")
		}
	}
	for _, name := range runtimeParameters {
		if unprintable(u.parameters[name]) {
			problem("%s has a control character or is not UTF-8", name)
		}
	}
	return errors.Join(errs...)
}

// checkRuntimeParams sees to it that nothing reaches the server that was not
// meant for it: pgconn hands on whatever it does not know, of a service file too.
func checkRuntimeParams(params map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !slices.Contains(runtimeParameters, name) {
			return errURL("the service file sets %s, which Retort does not pass on; remove it there", name)
		}
	}
	return nil
}

// reason guesses what pgconn did not like; its own message may hold the password.
func (u *databaseURL) reason() string {
	var suspects []string
	for _, name := range []string{"service", "sslrootcert", "sslcert", "sslkey", "sslpassword", "min_protocol_version", "max_protocol_version", "require_auth"} {
		if _, ok := u.parameters[name]; ok {
			suspects = append(suspects, name)
		}
	}
	for _, name := range []string{
		"PGHOST", "PGPORT", "PGSERVICE", "PGSERVICEFILE", "PGCONNECT_TIMEOUT", "PGSSLMODE", "PGSSLROOTCERT", "PGSSLCERT", "PGSSLKEY",
		"PGSSLCERTMODE", "PGSSLPASSWORD", "PGTARGETSESSIONATTRS", "PGMINPROTOCOLVERSION", "PGMAXPROTOCOLVERSION", "PGCHANNELBINDING", "PGREQUIREAUTH",
	} {
		if _, ok := os.LookupEnv(name); ok {
			suspects = append(suspects, "the environment variable "+name)
		}
	}
	if len(suspects) == 0 {
		return "cannot be used; write " + urlExample + "?name=value, and look whether the files below ~/.postgresql can be read"
	}
	return "cannot be used because of one of these: " + strings.Join(suspects, ", ") +
		"; a file that they name may be missing, unreadable or of another kind"
}
