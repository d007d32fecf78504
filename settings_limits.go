package retort

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// limit is one of the server's time limits, as Config and TxOptions name it.
type limit struct {
	field, name string
	have        time.Duration
}

func (c *Config) limits() []limit {
	return []limit{
		{"StatementTimeout", "statement_timeout", c.StatementTimeout},
		{"LockTimeout", "lock_timeout", c.LockTimeout},
		{"IdleTransactionTimeout", "idle_in_transaction_session_timeout", c.IdleTransactionTimeout},
	}
}

func (o *TxOptions) limits() []limit {
	return []limit{
		{"StatementTimeout", "statement_timeout", o.StatementTimeout},
		{"LockTimeout", "lock_timeout", o.LockTimeout},
		{"IdleTimeout", "idle_in_transaction_session_timeout", o.IdleTimeout},
	}
}

// maxTimeout is the largest that PostgreSQL takes, in milliseconds.
const maxTimeout = 1<<31 - 1

// possible reports whether the server takes the limit, 0 for none.
func (l limit) possible() bool {
	return l.have == 0 || l.have >= time.Millisecond && l.have/time.Millisecond <= maxTimeout
}

func (l limit) ms() string { return strconv.FormatInt(l.have.Milliseconds(), 10) }

func (c *Config) checkLimits() error {
	var errs []error
	for _, l := range c.limits() {
		if !l.possible() {
			errs = append(errs, fmt.Errorf("retort: Config.%s: is %s; give 1 ms to 24 days, or 0 for what the server has for the role", l.field, l.have))
		}
	}
	return errors.Join(errs...)
}

// startUp puts the limits among what the start-up message sets, to which a reset
// returns. A pooler refuses what it does not know there.
func (c *Config) startUp(params map[string]string) error {
	if c.Pooler || c.Lender != nil {
		return nil
	}
	var errs []error
	for _, l := range c.limits() {
		if l.have == 0 {
			continue
		}
		if _, twice := params[l.name]; twice {
			errs = append(errs, fmt.Errorf("retort: Config.%s: is given, and %s in URL, too; remove one of them", l.field, l.name))
			continue
		}
		params[l.name] = l.ms()
	}
	return errors.Join(errs...)
}

// perTransaction are the limits that each transaction has to set itself.
func (c *Config) perTransaction() TxOptions {
	if !c.Pooler && c.Lender == nil {
		return TxOptions{}
	}
	return TxOptions{StatementTimeout: c.StatementTimeout, LockTimeout: c.LockTimeout, IdleTimeout: c.IdleTransactionTimeout}
}

// within fills in what o leaves to the engine.
func (o *TxOptions) within(engine *TxOptions) {
	if !engine.scoped() {
		return
	}
	fill := func(have *time.Duration, name string, standard time.Duration) {
		if *have == 0 && !o.sets(name) {
			*have = standard
		}
	}
	fill(&o.StatementTimeout, "statement_timeout", engine.StatementTimeout)
	fill(&o.LockTimeout, "lock_timeout", engine.LockTimeout)
	fill(&o.IdleTimeout, "idle_in_transaction_session_timeout", engine.IdleTimeout)
}
