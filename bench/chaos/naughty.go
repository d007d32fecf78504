package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/retort-go/retort"
	"github.com/retort-go/retort/web"
)

// Saying is a text that somebody sent.
type Saying struct {
	retort.BigintKey
	Text string
}

type saying struct {
	Text string `json:"text"`
}

// The canary must be there in the end, as it was, and nowhere else; the password is
// the connection's own.
const (
	canarySecret   = "a secret of the canary"
	canaryPassword = "chaos-p4ssword-canary"
)

var canarySQL = []string{"CREATE TABLE canary (secret text)", "INSERT INTO canary VALUES ('" + canarySecret + "')"}

// Naughty counts injections, answers of 500 and sightings of the password, over
// words that have broken programs, sent as values, filters, sort keys, cursors, and
// used as the names of tables and columns.
//
// pgxpool's handler uses parameters, and a list of sort keys; the control puts the
// same SQL together from strings.
func Naughty(ctx context.Context, env *Env, rounds int) (line Line, err error) {
	words := each(append(naughtyWords(), env.Words...))
	line = Line{
		Number: 16, RedFrom: 2, Target: "injections 0, 500s 0, passwords 0",
		What:      fmt.Sprintf("injections, answers of 500 and passwords seen, %d × %d words as values, filters, sort keys, cursors and identifiers", rounds, len(words)),
		ControlIs: "pgxpool, SQL put together from strings",
	}
	for _, side := range []struct {
		into *Side
		open func(context.Context, string, *slog.Logger) (http.Handler, func(), error)
	}{{&line.Retort, openRetortSayings}, {&line.Pgxpool, openPgxpoolSayings(false)}, {&line.Control, openPgxpoolSayings(true)}} {
		if *side.into, err = provoke(ctx, env, rounds, words, side.open); err != nil {
			return line, err
		}
		env.Say("16: %s", *side.into)
	}
	taken, broken, err := naughtyNames(ctx, env, words)
	line.Broken = broken
	line.Retort.Note = notes(line.Retort.Note, fmt.Sprintf("%d of %d words became names", taken, len(words)))
	if taken < len(words)/2 {
		line.Blind = append(line.Blind, "most names were refused")
	}
	return line, err
}

// each has every word once, since it becomes the name of a table.
func each(words []string) []string {
	seen := make(map[string]bool, len(words))
	return slices.DeleteFunc(words, func(word string) bool {
		before := seen[word]
		seen[word] = true
		return before
	})
}

func openRetortSayings(_ context.Context, url string, log *slog.Logger) (http.Handler, func(), error) {
	sayings := retort.NewTable[Saying]("sayings")
	eng, err := retort.Open(retort.Config{URL: url, Base: retort.NewBase(sayings), PoolSize: capacity, Logger: log, Echo: true})
	if err != nil {
		return nil, nil, err
	}
	c := sayings.C
	pages := web.Paginate([]byte("a key for chaos, of thirty bytes"), sayings.Query())
	web.SortBy(pages, "id", &c.ID)
	web.SortBy(pages, "text", &c.Text)
	web.FilterBy(pages, "text", &c.Text)
	mux := http.NewServeMux()
	mux.Handle("POST /say", web.Handle(eng, func(_ context.Context, s *retort.Session, in *saying) (*Saying, error) {
		row := &Saying{Text: in.Text}
		s.Add(row)
		return row, nil
	}, web.Logger(log)))
	mux.Handle("POST /find", web.Sessions(eng, web.Logger(log))(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, err := pages.Read(r.Context(), web.Session(r), r.URL.Query())
		if err != nil {
			web.ProblemOf(err).ServeHTTP(w, r)
			return
		}
		_ = json.NewEncoder(w).Encode(page.Items)
	})))
	return mux, func() { closeEngine(eng) }, nil
}

func openPgxpoolSayings(careless bool) func(context.Context, string, *slog.Logger) (http.Handler, func(), error) {
	return func(ctx context.Context, url string, _ *slog.Logger) (http.Handler, func(), error) {
		pool, err := newPool(ctx, url, capacity)
		if err != nil {
			return nil, nil, err
		}
		answer := func(w http.ResponseWriter, rows any, err error) {
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			_ = json.NewEncoder(w).Encode(rows)
		}
		mux := http.NewServeMux()
		mux.HandleFunc("POST /say", func(w http.ResponseWriter, r *http.Request) {
			var in saying
			if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			rows, err := say(r.Context(), pool, careless, in.Text)
			answer(w, rows, err)
		})
		mux.HandleFunc("POST /find", func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			sort := q.Get("sort")
			if !careless && sort != "" && sort != "id" && sort != "text" || q.Get("cursor") != "" {
				w.WriteHeader(http.StatusBadRequest)
				return
			}
			rows, err := find(r.Context(), pool, careless, q.Has("text"), q.Get("text"), sort)
			answer(w, rows, err)
		})
		return mux, pool.Close, nil
	}
}

func say(ctx context.Context, pool *pgxpool.Pool, careless bool, text string) (any, error) {
	if careless {
		_, err := pool.Exec(ctx, "INSERT INTO sayings (text) VALUES ('"+text+"')")
		return Saying{Text: text}, err
	}
	_, err := pool.Exec(ctx, "INSERT INTO sayings (text) VALUES ($1)", text)
	return Saying{Text: text}, err
}

func find(ctx context.Context, pool *pgxpool.Pool, careless, filter bool, text, sort string) (any, error) {
	if sort == "" {
		sort = "id"
	}
	sql, args := "SELECT text FROM sayings", []any(nil)
	switch {
	case filter && careless:
		sql += " WHERE text = '" + text + "'"
	case filter:
		sql, args = sql+" WHERE text = $1", []any{text}
	}
	rows, err := pool.Query(ctx, sql+" ORDER BY "+sort+" LIMIT 20", args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []Saying
	for rows.Next() {
		var s Saying
		if err := rows.Scan(&s.Text); err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	return found, rows.Err()
}

// provoked counts what must not happen.
type provoked struct {
	env  *Env
	db   *database
	site *site

	mu                           sync.Mutex // guards what follows
	injected, failed, said, sent int
	first                        string
}

func provoke(ctx context.Context, env *Env, rounds int, words []string, open func(context.Context, string, *slog.Logger) (http.Handler, func(), error)) (found Side, err error) {
	var log safeBuffer
	logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := env.serve(ctx, retort.NewBase(retort.NewTable[Saying]("sayings")), func(ctx context.Context, address string) (http.Handler, func(), error) {
		u, err := url.Parse(address)
		if err != nil {
			return nil, nil, err
		}
		u.User = url.UserPassword(u.User.Username(), canaryPassword)
		return open(ctx, u.String(), logger)
	}, canarySQL...)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	p := &provoked{env: env, db: s.db, site: s.site}
	if err := inParallel(4, rounds*len(words), func(i int) error { return p.word(ctx, words[i%len(words)]) }); err != nil {
		return found, err
	}
	p.said += strings.Count(log.String(), canaryPassword)
	if n, err := s.db.count(ctx, "SELECT count(*) FROM canary WHERE secret = '"+canarySecret+"'"); err != nil || n != 1 {
		p.injected++ // dropped or changed; no error of this side's
	}
	return Side{
		Bad: p.injected + p.failed + p.said, Of: p.sent,
		Note: notes(fmt.Sprintf("%d injections, %d answers of 500, %d passwords", p.injected, p.failed, p.said), p.first),
	}, nil
}

// word sends one word in every place.
func (p *provoked) word(ctx context.Context, word string) error {
	body, err := json.Marshal(saying{word})
	if err != nil {
		return err
	}
	if !utf8.ValidString(word) {
		body = []byte(`{"text":"` + word + `"}`) // as a hostile client sends it
	}
	escaped := url.QueryEscape(word)
	for _, r := range []struct{ path, body string }{
		{"/say", string(body)}, {"/find?text=" + escaped, ""}, {"/find?sort=" + escaped, ""}, {"/find?cursor=" + escaped, ""}, {"/find?limit=" + escaped, ""},
	} {
		status, answer, err := p.site.ask(ctx, r.path, r.body)
		if err != nil {
			return err
		}
		p.judge(r.path, word, status, answer)
	}
	return nil
}

func (p *provoked) judge(path, word string, status int, answer string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent++
	bad := ""
	if status >= 500 {
		p.failed++
		bad = fmt.Sprintf("%d", status)
	}
	if strings.Contains(answer, canaryPassword) {
		p.said++
		bad = "the password"
	}
	var rows []Saying
	leaked := strings.Contains(answer, canarySecret)
	if strings.HasPrefix(path, "/find?text=") && status == http.StatusOK && json.Unmarshal([]byte(answer), &rows) == nil {
		for _, row := range rows {
			leaked = leaked || row.Text != word // a row that was not asked for
		}
	}
	if leaked {
		p.injected++
		bad = "a row that was not asked for"
	}
	if bad != "" && p.first == "" {
		where, _, _ := strings.Cut(path, "=")
		p.first = fmt.Sprintf("the first: %s for %.40q at %s", bad, word, where)
	}
}

// naughtyNames uses each word as the name of a table and of a column. A name may be
// refused, but not do anything.
func naughtyNames(ctx context.Context, env *Env, words []string) (taken int, broken []string, err error) {
	db, err := env.database(ctx, retort.NewBase(), canarySQL...)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, db.drop()) }()
	for _, word := range words {
		ok, err := nameIt(ctx, db.url, word)
		if ok {
			taken++
		}
		if err != nil {
			broken = append(broken, fmt.Sprintf("%.40q as a name: %v", word, err))
		}
	}
	if n, err := db.count(ctx, "SELECT count(*) FROM canary WHERE secret = '"+canarySecret+"'"); err != nil || n != 1 {
		broken = append(broken, "a name did something to another table")
	}
	return taken, broken, nil
}

// Named has a column whose name comes from elsewhere.
type Named struct {
	retort.BigintKey
	Text string
}

func nameIt(ctx context.Context, address, word string) (taken bool, err error) {
	table := retort.NewTable[Named](word)
	base := retort.NewBase(table)
	eng, err := retort.Open(retort.Config{URL: address, Base: base})
	if err != nil {
		return false, nil // refused, in words
	}
	defer closeEngine(eng)
	if err := base.CreateAll(ctx, eng); err != nil {
		return false, err
	}
	_, err = retort.Run(ctx, eng, retort.TxOptions{}, func(ctx context.Context, s *retort.Session) (int, error) {
		row := &Named{Text: word}
		if !utf8.ValidString(word) || strings.Contains(word, "\x00") {
			row.Text = ""
		}
		s.Add(row)
		if err := s.Flush(ctx); err != nil {
			return 0, err
		}
		rows, err := table.Where(retort.Eq(&table.C.Text, row.Text)).All(ctx, s)
		if err == nil && len(rows) != 1 {
			err = fmt.Errorf("%d rows came back", len(rows))
		}
		return 0, err
	})
	return true, err
}

// safeBuffer is a log in memory.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
