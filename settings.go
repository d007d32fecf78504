package retort

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/retort-go/retort/internal/flight"
)

// maxSettings bounds TxOptions.Settings; each is a column of one SELECT.
const maxSettings = 100

// scoped tells whether the transaction needs more than BEGIN.
func (o *TxOptions) scoped() bool {
	return o.Role != "" || len(o.Settings) > 0 || o.StatementTimeout != 0 || o.LockTimeout != 0 || o.IdleTimeout != 0
}

// settings is the statement that sets what o asks for until the transaction ends.
//
//   - Shape: one row; by name, the role last, for it may have fewer rights.
//   - Errors: every setting that cannot be.
func (o *TxOptions) settings() (*flight.Statement, error) {
	if len(o.Settings) > maxSettings {
		return nil, fmt.Errorf("retort: TxOptions.Settings has %d settings; give at most %d", len(o.Settings), maxSettings)
	}
	set := maps.Clone(o.Settings)
	if set == nil {
		set = make(map[string]string, 3)
	}
	var errs []error
	for name, value := range set {
		errs = append(errs, checkSetting(name, value))
	}
	errs = append(errs, o.repeated()...)
	for _, t := range o.limits() {
		switch {
		case t.have == 0:
			continue
		case !t.possible():
			errs = append(errs, fmt.Errorf("retort: TxOptions.%s is %s; give 1 ms to 24 days, or 0 for what the connection has", t.field, t.have))
		case o.sets(t.name):
			errs = append(errs, fmt.Errorf("retort: TxOptions.%s is given, and %q in Settings, too; leave one out", t.field, t.name))
		}
		set[t.name] = t.ms()
	}
	names := slices.Sorted(maps.Keys(set))
	if o.Role != "" {
		errs = append(errs, checkRole(o.Role))
		names, set["role"] = append(names, "role"), o.Role
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return settingsStatement(names, set), nil
}

// path is the search_path among the settings, "" where there is none.
func (o *TxOptions) path() string {
	for n, value := range o.Settings {
		if strings.EqualFold(n, "search_path") {
			return value
		}
	}
	return ""
}

// sets tells whether Settings has that name; case is nothing to PostgreSQL.
func (o *TxOptions) sets(name string) bool {
	for n := range o.Settings {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

// repeated finds names that are one to PostgreSQL.
func (o *TxOptions) repeated() (errs []error) {
	names := slices.Sorted(maps.Keys(o.Settings))
	for i, name := range names {
		for _, other := range names[:i] {
			if strings.EqualFold(name, other) {
				errs = append(errs, fmt.Errorf("retort: TxOptions.Settings: %q and %q are one setting to PostgreSQL; leave one out", other, name))
			}
		}
	}
	return errs
}

func settingsStatement(names []string, set map[string]string) *flight.Statement {
	st := &flight.Statement{SQL: "/* retort:session.settings */ SELECT ", Formats: []int16{pgtype.TextFormatCode}}
	for i, name := range names {
		if i > 0 {
			st.SQL += ", "
		}
		st.SQL += "set_config($" + strconv.Itoa(2*i+1) + ", $" + strconv.Itoa(2*i+2) + ", true)"
		st.Args = append(st.Args, []byte(name), []byte(set[name]))
		st.OIDs = append(st.OIDs, pgtype.TextOID, pgtype.TextOID)
	}
	return st
}

// checkSetting refuses what would work against the session.
func checkSetting(name, value string) error {
	lower := strings.ToLower(name)
	switch {
	case name == "":
		return errors.New(`retort: TxOptions.Settings: a setting without a name; give one such as "app.tenant"`)
	case lower == "role":
		return errors.New("retort: TxOptions.Settings: a role is given as TxOptions.Role")
	case strings.HasPrefix(lower, "transaction_"):
		return fmt.Errorf("retort: TxOptions.Settings: %q is said by TxOptions.Isolation, ReadOnly and Deferrable", name)
	case strings.HasPrefix(lower, "retort."):
		return fmt.Errorf("retort: TxOptions.Settings: %q: names in retort. are Retort's own; choose another prefix", name)
	}
	if err := checkText("TxOptions.Settings: a name", name); err != nil {
		return err
	}
	return checkText(fmt.Sprintf("TxOptions.Settings: the value of %q", name), value)
}

// checkRole refuses what is no role to PostgreSQL: "none" would be taken for the role
// that the connection has logged in with, and its rights.
func checkRole(name string) error {
	if name == "none" {
		return errors.New(`retort: TxOptions.Role: "none" is the way back to the role of the connection, and no role may have that name; leave Role empty for it`)
	}
	return checkText("TxOptions.Role", name)
}

func checkText(what, text string) error {
	if !utf8.ValidString(text) || strings.IndexByte(text, 0) >= 0 {
		return fmt.Errorf("retort: %s has a NUL or invalid UTF-8, which PostgreSQL cannot store", what)
	}
	return nil
}

// settingNames lists what o sets, for errors.
func (o *TxOptions) settingNames() string {
	names := slices.Sorted(maps.Keys(o.Settings))
	for _, l := range o.limits() {
		if l.have != 0 {
			names = append(names, l.name)
		}
	}
	if o.Role != "" {
		names = append(names, "role")
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// scope gives reads that would run on their own a transaction of their own, where
// the session has settings: it begins and ends in the same trip, so that no
// connection is held.
func (s *Session) scope(t *trip) {
	if s.settings == nil || t.begin != "" {
		return
	}
	t.begin, t.closes = s.begin(), true
	t.statements = append(t.statements, flight.Statement{SQL: commitRead})
}
