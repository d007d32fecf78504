package retort

import (
	"errors"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// splitUser reads user:password.
func (u *databaseURL) splitUser(text string) error {
	user, password, _ := strings.Cut(text, ":")
	var err, err2 error
	u.user, err = unescape(user)
	u.password, err2 = unescape(password)
	return first(err, err2)
}

// splitHosts reads host:port,[v6]:port.
func (u *databaseURL) splitHosts(text string) error {
	if text == "" {
		return nil
	}
	for part := range strings.SplitSeq(text, ",") {
		host, port, err := splitHost(part)
		if err != nil {
			return err
		}
		u.hosts, u.ports = append(u.hosts, host), append(u.ports, port)
	}
	return nil
}

func splitHost(text string) (host, port string, err error) {
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return "", "", errURL("has a [ before the host without a ] behind it; write an IPv6 address as [::1]:5432")
		}
		host, port = text[1:end], text[end+1:]
		if port != "" && !strings.HasPrefix(port, ":") {
			return "", "", errURL("has something behind the ] of an IPv6 address that is no port; write [::1]:5432")
		}
		port = strings.TrimPrefix(port, ":")
		if strings.Trim(host, "0123456789abcdefABCDEF:.") != "" && !strings.Contains(host, "%") || !strings.Contains(host, ":") {
			return "", "", errURL("has no IPv6 address between [ and ]; write [::1]:5432")
		}
	} else {
		host, port, _ = strings.Cut(text, ":")
	}
	host, err = unescape(host)
	return host, port, err
}

func (u *databaseURL) splitDatabase(text string) error {
	if strings.Contains(text, "/") {
		return errURL("has a second / behind the host; percent-encode those in the name of the database, the user and the password as %%2F")
	}
	var err error
	u.database, err = unescape(text)
	return err
}

// splitQuery reads name=value&name=value.
func (u *databaseURL) splitQuery(text string) error {
	for pair := range strings.SplitSeq(text, "&") {
		if pair == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		if !ok {
			return errURL("a parameter behind ? has no value; write name=value&name=value")
		}
		name, err := unescape(name)
		value, err2 := unescape(value)
		if err := first(err, err2); err != nil {
			return err
		}
		if name == "database" {
			name = "dbname"
		}
		if _, twice := u.parameters[name]; twice {
			return errURL("a parameter behind ? is given twice; give each once")
		}
		u.parameters[name] = value
	}
	u.override()
	return nil
}

// override lets the parameters that name parts of the URL win over those parts,
// as libpq does.
func (u *databaseURL) override() {
	take := func(name string, set func(value string)) {
		if value, ok := u.parameters[name]; ok {
			set(value)
			delete(u.parameters, name)
		}
	}
	take("user", func(v string) { u.user = v })
	take("password", func(v string) { u.password = v })
	take("dbname", func(v string) { u.database = v })
	take("host", func(v string) { u.hosts = strings.Split(v, ",") })
	take("port", func(v string) { u.ports = strings.Split(v, ",") })
}

// unescape decodes %XX, and nothing else: + is a plus, as libpq has it.
func unescape(text string) (string, error) {
	if !strings.Contains(text, "%") {
		return text, nil
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		if text[i] != '%' {
			out = append(out, text[i])
			continue
		}
		c, err := strconv.ParseUint(text[min(i+1, len(text)):min(i+3, len(text))], 16, 8)
		if err != nil || i+2 >= len(text) {
			return "", errURL("has a %% that two hexadecimal digits do not follow; percent-encode it as %%25")
		}
		out = append(out, byte(c))
		i += 2
	}
	return string(out), nil
}

// checkNames refuses what cannot be the name of a user, a host or a database, and
// so is a password in the wrong place or meant to break out of a message.
func (u *databaseURL) checkNames() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, errURL(format, args...)) }
	if strings.Contains(u.user, ":") {
		if u.keywords {
			problem("the user has a colon; give the password as password=…")
		} else {
			problem("the user has an encoded colon; write the colon between user and password as it is")
		}
	}
	if unprintable(u.user) {
		problem("the user has a control character or is not UTF-8")
	}
	if unprintable(u.database) {
		problem("the name of the database has a control character or is not UTF-8")
	}
	if strings.IndexByte(u.password, 0) >= 0 {
		problem("the password has a NUL, which PostgreSQL does not take")
	}
	for _, host := range u.hosts {
		if !hostLike(host) {
			problem("a host is neither a name, an address nor the absolute path of a socket's folder; an IPv6 address goes between [ and ]")
		}
	}
	for _, port := range u.ports {
		if !portLike(port) {
			problem("a port is no number from 1 to 65535; percent-encode a : of the password as %%3A, write an IPv6 address as [::1]:5432")
		}
	}
	if len(u.ports) > 1 && len(u.ports) != max(1, len(u.hosts)) {
		problem("has %d ports for %d hosts; give one for each, or one for all", len(u.ports), max(1, len(u.hosts)))
	}
	return errors.Join(errs...)
}

func unprintable(name string) bool {
	return !utf8.ValidString(name) || strings.IndexFunc(name, unicode.IsControl) >= 0
}

func hostLike(host string) bool {
	if unprintable(host) || strings.Contains(host, ",") {
		return false
	}
	if strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@/") {
		return true
	}
	allowed := "-._"
	if strings.Count(host, ":") > 1 {
		allowed = "-._:%" // IPv6, with a zone
	}
	strange := func(r rune) bool {
		return !strings.ContainsRune(allowed, r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	return strings.IndexFunc(host, strange) < 0
}

func portLike(port string) bool {
	if port == "" {
		return true
	}
	n, err := strconv.ParseUint(port, 10, 16)
	return err == nil && n > 0
}

func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
