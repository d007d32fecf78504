// Package serve is the HTTP server around every Go entrant, in a process of its
// own, so that its processor time and memory can be told from the others'.
//
// The process prints "listening ADDRESS", serves
//
//	POST /w/{workload}/{number}   one request of a workload
//	GET  /usage                   the processor time that it has used
//	GET  /profile?seconds=N       a profile of the processor, for go tool pprof
//
// takes [Order] lines on its standard input, which it answers by a [Figures]
// line each, and ends with it.
package serve

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/pprof"
	"os"
	"strconv"
	"sync"

	"github.com/retort-go/retort/bench/peers"
)

// Main is the process of one entrant.
//
//   - Shape: does not return.
func Main(open peers.Opener) {
	var cfg peers.Config
	flag.StringVar(&cfg.URL, "url", "", "the database")
	flag.IntVar(&cfg.Pool, "pool", 16, "connections")
	flag.Parse()
	if err := run(context.Background(), open, cfg, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(ctx context.Context, open peers.Opener, cfg peers.Config, in io.Reader, out io.Writer) error {
	e, err := open(ctx, cfg)
	if err != nil {
		return err
	}
	defer e.Close()
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	workloads := peers.Workloads(peers.BulkSize)
	server := &http.Server{Handler: Handler(e, workloads)}
	go func() { _ = server.Serve(listener) }() // it ends with the process
	defer func() { _ = server.Close() }()      // it ends with the process
	fmt.Fprintf(out, "listening %s\n", listener.Addr())

	lines := bufio.NewScanner(in)
	for lines.Scan() {
		var o Order
		if err := json.Unmarshal(lines.Bytes(), &o); err != nil {
			return err
		}
		figures, err := o.run(ctx, e, workloads)
		if err != nil {
			return err
		}
		if err := json.NewEncoder(out).Encode(figures); err != nil {
			return err
		}
	}
	return lines.Err()
}

// Handler answers requests of the workloads with an entrant.
func Handler(e peers.Entrant, workloads []peers.Workload) http.Handler {
	mux := http.NewServeMux()
	buffers := &sync.Pool{New: func() any { return new(bytes.Buffer) }}
	for _, w := range workloads {
		mux.HandleFunc("POST /w/"+w.Name+"/{n}", func(rw http.ResponseWriter, r *http.Request) {
			n, err := strconv.Atoi(r.PathValue("n"))
			if err != nil {
				http.Error(rw, err.Error(), http.StatusBadRequest)
				return
			}
			answer, err := w.Do(r.Context(), e, n)
			body := buffers.Get().(*bytes.Buffer)
			defer buffers.Put(body)
			body.Reset()
			if err = errors.Join(err, json.NewEncoder(body).Encode(answer)); err != nil {
				http.Error(rw, err.Error(), http.StatusInternalServerError)
				return
			}
			rw.Header().Set("Content-Type", "application/json")
			rw.Header().Set("Content-Length", strconv.Itoa(body.Len()))
			_, _ = rw.Write(body.Bytes()) // a client that left cannot be told
		})
	}
	mux.HandleFunc("GET /usage", func(rw http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(rw, `{"cpu_ns":%d}`, cpuTime())
	})
	mux.HandleFunc("GET /profile", pprof.Profile)
	return mux
}
