package main

// suite is one call of go test.
type suite struct{ pkg, pattern string }

var suites = []suite{
	{"./pool", "^BenchmarkAcquireRelease$"},
	{"./internal/mapper", "^BenchmarkDecode$"},
	{"./bench", "^Benchmark(Loan|ReadByKey|Insert|Graph)$"},
}

// pair is one line of the table: what is measured, and beside what. With a
// limit, the line says whether it is kept.
type pair struct {
	name              string
	subject, baseline string // package and benchmark, as samples are keyed
	atMostRatio       float64
	atMostNS          float64
	noAllocs          bool
}

const (
	loan   = "./bench BenchmarkLoan/"
	pools  = "./pool BenchmarkAcquireRelease/"
	decode = "./internal/mapper BenchmarkDecode/"
	read   = "./bench BenchmarkReadByKey/"
	insert = "./bench BenchmarkInsert/"
	graph  = "./bench BenchmarkGraph/"
)

var pairs = []pair{
	{"acquire and release", pools + "plain", pools + "channel", 0, 100, true},
	{"acquire and release a connection, to pgxpool", loan + "retort", loan + "pgxpool", 0, 0, true},
	{"with the check of its socket, to pgxpool", loan + "retort-alive", loan + "pgxpool", 0, 1000, true},
	{"decode a row of 10 columns, to rows.Scan", decode + "plan", decode + "pgxscan", 0.45, 0, false},
	{"read by key, to a transaction of pgx", read + "retort", read + "pgx-usual", 0, 0, false},
	{"read by key, to pgx without a transaction", read + "retort", read + "pgx-tuned", 0, 0, false},
	{"insert and commit, to a transaction of pgx", insert + "retort", insert + "pgx-usual", 0, 0, false},
	{"insert and commit, to pgx in autocommit", insert + "retort", insert + "pgx-tuned", 0, 0, false},
	{"insert 21 rows, to a transaction of pgx", graph + "retort", graph + "pgx-usual", 0, 0, false},
	{"insert 21 rows, to one pgx.Batch", graph + "retort", graph + "pgx-tuned", 0, 0, false},
}
