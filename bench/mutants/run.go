package mutants

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Fate is what came of a mutant.
type Fate string

// The fates.
const (
	Killed    Fate = "killed"    // a test failed
	Hung      Fate = "hung"      // the tests did not end in time
	Survived  Fate = "survived"  // no test noticed
	Unreached Fate = "unreached" // no test comes there
)

// Result is a mutant and its fate.
type Result struct {
	Mutant
	Fate Fate
}

// Report is what came of one target.
type Report struct {
	Dir     string
	Results []Result
	Spoiled int      // lines whose changes do not compile and were left out
	Left    []string // tests that fail with the switches alone, and were not asked
}

// Alive are those that nobody noticed, by their keys.
func (r Report) Alive() []string {
	var keys []string
	for _, m := range r.Results {
		if m.Fate == Survived || m.Fate == Unreached {
			keys = append(keys, m.Key)
		}
	}
	return keys
}

// Count tells how many mutants had a fate.
func (r Report) Count(f Fate) int {
	n := 0
	for _, m := range r.Results {
		if m.Fate == f {
			n++
		}
	}
	return n
}

// Env is what a run stands on.
type Env struct {
	Root    string         // of the checkout
	Environ []string       // of the tests, beside this process's
	Only    *regexp.Regexp // mutants to try, by their keys; nil is all

	// Patience is what tests are given beside three times what they take with
	// nothing broken. Default 5 s.
	Patience time.Duration

	// Jobs is how many mutants are tried at once. Default 1.
	Jobs int

	// Say hears of progress, from one goroutine at a time.
	Say func(format string, args ...any)
}

// Run breaks a target in all ways, one after the other, and asks its tests.
//
//   - Errors: what does not compile without any mutant; the end of ctx.
func Run(ctx context.Context, t Target, env Env) (Report, error) {
	report := Report{Dir: t.Dir}
	work, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return report, err
	}
	defer os.RemoveAll(work)
	b, err := compile(ctx, env.Root, work, t)
	if err != nil {
		return report, err
	}
	report.Spoiled = b.spoiled
	env.Say("%s: %d mutants", t.Dir, len(b.mutants))
	var suites []*suite
	for i, binary := range b.binaries {
		dir := t.Tests[i].Dir
		s := &suite{env: env, binary: binary, dir: filepath.Join(env.Root, dir), only: t.Tests[i].Run, trace: filepath.Join(work, "trace")}
		left, err := s.learn(ctx)
		if err != nil {
			return report, err
		}
		for _, test := range left {
			report.Left = append(report.Left, dir+" "+test)
			env.Say("%s %s fails with the switches alone and is not asked", dir, test)
		}
		env.Say("%s: %s has %d tests, %d left out", t.Dir, dir, len(s.tests), len(left))
		suites = append(suites, s)
	}
	report.Results, err = tryAll(ctx, env, suites, b.mutants)
	return report, err
}

// tryAll tries the mutants that are wanted, some at once, and keeps their order.
func tryAll(ctx context.Context, env Env, suites []*suite, all []Mutant) ([]Result, error) {
	wanted := slices.DeleteFunc(slices.Clone(all), func(m Mutant) bool { return env.Only != nil && !env.Only.MatchString(m.Key) })
	results, errs := make([]Result, len(wanted)), make([]error, len(wanted))
	var saying sync.Mutex
	var next atomic.Int64
	var workers sync.WaitGroup
	for range max(1, env.Jobs) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(wanted)) && ctx.Err() == nil; i = next.Add(1) - 1 {
				fate, err := try(ctx, suites, wanted[i].ID)
				results[i], errs[i] = Result{wanted[i], fate}, err
				if fate == Survived || fate == Unreached {
					saying.Lock()
					env.Say("%s: %s", fate, wanted[i].Key)
					saying.Unlock()
				}
			}
		})
	}
	workers.Wait()
	return results, errors.Join(append(errs, ctx.Err())...)
}

// try asks the suites about a mutant, until one notices.
func try(ctx context.Context, suites []*suite, id int) (Fate, error) {
	fate := Unreached
	for _, s := range suites {
		next, err := s.try(ctx, id)
		if err != nil || next == Killed || next == Hung {
			return next, err
		}
		if next != Unreached {
			fate = next
		}
	}
	return fate, nil
}

// suite is the tests of one package.
type suite struct {
	env    Env
	binary string
	dir    string
	only   *regexp.Regexp // names of tests; nil is all
	trace  string         // file that reached mutants are noted in
	tests  []test
	quiet  []string // flags that keep the tests from writing into the checkout
}

// test is one function with what it takes and reaches.
type test struct {
	name    string
	took    time.Duration
	reaches map[int]bool
}

// learn runs each test alone, nothing broken. It returns those that fail, which
// can tell nothing.
func (s *suite) learn(ctx context.Context) (left []string, err error) {
	list := func() ([]byte, error) {
		args := append([]string{"-test.list", "^(Test|Fuzz|Example)"}, s.quiet...)
		return exec.CommandContext(ctx, s.binary, args...).Output()
	}
	s.quiet = []string{"-rapid.nofailfile"}
	out, err := list()
	if err != nil { // they do not use it
		s.quiet = nil
		out, err = list()
	}
	if err != nil {
		return nil, fmt.Errorf("mutants: %s: %w", s.dir, err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		if s.only != nil && !s.only.MatchString(name) {
			continue
		}
		_ = os.Remove(s.trace)
		begun := time.Now()
		err := s.run(ctx, 2*time.Minute, []string{name}, "RETORT_MUTANT_TRACE="+s.trace)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			left = append(left, name)
			continue
		}
		t := test{name, time.Since(begun), map[int]bool{}}
		text, err := os.ReadFile(s.trace)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
		for id := range strings.FieldsSeq(string(text)) {
			n, err := strconv.Atoi(id)
			if err != nil {
				return nil, err
			}
			t.reaches[n] = true
		}
		s.tests = append(s.tests, t)
	}
	return left, nil
}

// try asks the tests that reach a mutant, those that take the shortest first.
func (s *suite) try(ctx context.Context, id int) (Fate, error) {
	var asked []test
	for _, t := range s.tests {
		if t.reaches[id] {
			asked = append(asked, t)
		}
	}
	if len(asked) == 0 {
		return Unreached, nil
	}
	slices.SortFunc(asked, func(a, b test) int { return int(a.took - b.took) })
	// Most die at once: a few quick tests first spare the long ones.
	for few := 3; len(asked) > 0; few *= 4 {
		some := asked[:min(few, len(asked))]
		asked = asked[len(some):]
		limit := cmp.Or(s.env.Patience, 5*time.Second)
		var names []string
		for _, t := range some {
			limit += 3 * t.took
			names = append(names, t.name)
		}
		active := "RETORT_MUTANT=" + strconv.Itoa(id)
		err := s.run(ctx, limit, names, active)
		if err != nil && !errors.Is(err, errHung) {
			// On a busy machine a test may fail by itself: once is not enough.
			err = s.run(ctx, limit, names, active)
		}
		switch {
		case ctx.Err() != nil:
			return "", ctx.Err()
		case errors.Is(err, errHung):
			return Hung, nil
		case err != nil:
			return Killed, nil
		}
	}
	return Survived, nil
}

var errHung = errors.New("mutants: the tests did not end")

// run runs some tests.
func (s *suite) run(ctx context.Context, limit time.Duration, names []string, environ ...string) error {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	args := append([]string{"-test.short", "-test.failfast", "-test.run", "^(" + strings.Join(names, "|") + ")$"}, s.quiet...)
	cmd := exec.CommandContext(within, s.binary, args...)
	cmd.Dir = s.dir
	cmd.Env = append(append(os.Environ(), s.env.Environ...), environ...)
	cmd.WaitDelay = 5 * time.Second
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	err := cmd.Run()
	if err != nil && within.Err() != nil {
		return errHung
	}
	return err
}
