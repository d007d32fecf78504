package run

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"
)

// load is a stream of requests of one workload over a number of connections,
// each sending its next request when the last one is answered.
type load struct {
	address  string
	workload string
	clients  int
	first    int           // number of the first request
	during   time.Duration // no request is begun after it
}

// loaded is what came of it.
type loaded struct {
	times []time.Duration // of each request
	took  time.Duration
}

// add counts another load's requests in.
func (d *loaded) add(more loaded) {
	d.times = append(d.times, more.times...)
	d.took += more.took
}

// within is the time in which that part of the requests was answered, such as
// 0.99 of them.
func (d *loaded) within(part float64) time.Duration {
	slices.Sort(d.times)
	return d.times[min(int(part*float64(len(d.times))), len(d.times)-1)]
}

// run sends the requests. Each client sends one at least; the clock starts when
// all are connected.
//
//   - Errors: the first answer that is not 200, and broken connections.
func (l load) run(ctx context.Context) (loaded, error) {
	conns := make([]net.Conn, l.clients)
	for i := range conns {
		var err error
		if conns[i], err = (&net.Dialer{}).DialContext(ctx, "tcp", l.address); err != nil {
			return loaded{}, err
		}
		defer conns[i].Close()
		defer context.AfterFunc(ctx, func() { _ = conns[i].Close() })()
	}
	all := make([][]time.Duration, l.clients)
	errs := make([]error, l.clients)
	var clients sync.WaitGroup
	started := time.Now()
	for i, conn := range conns {
		clients.Go(func() { all[i], errs[i] = l.client(conn, i, started.Add(l.during)) })
	}
	clients.Wait()
	took := time.Since(started)
	if err := errors.Join(errs...); err != nil {
		return loaded{}, err
	}
	return loaded{slices.Concat(all...), took}, nil
}

// client is one connection. It speaks the little HTTP that it needs by itself:
// net/http's client would take more of the machine than some entrants do.
func (l load) client(conn net.Conn, number int, end time.Time) (times []time.Duration, err error) {
	answers := bufio.NewReaderSize(conn, 64<<10)
	var request []byte
	for n := l.first + number; len(times) == 0 || time.Now().Before(end); n += l.clients {
		request = append(request[:0], "POST /w/"...)
		request = append(append(request, l.workload...), '/')
		request = strconv.AppendInt(request, int64(n), 10)
		request = append(request, " HTTP/1.1\r\nHost: bench\r\nContent-Length: 0\r\n\r\n"...)
		begun := time.Now()
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := readAnswer(answers); err != nil {
			return nil, fmt.Errorf("%s, request %d: %w", l.workload, n, err)
		}
		times = append(times, time.Since(begun))
	}
	return times, nil
}

// readAnswer reads an answer to its end.
//
//   - Errors: a status other than 200, with its body; an answer without a length.
func readAnswer(r *bufio.Reader) error {
	status, err := r.ReadSlice('\n')
	if err != nil {
		return err
	}
	good := bytes.HasPrefix(status, []byte("HTTP/1.1 200 "))
	told := string(bytes.TrimSpace(status))
	length := -1
	for {
		line, err := r.ReadSlice('\n')
		if err != nil {
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			break
		}
		const name = "content-length:"
		if len(line) > len(name) && bytes.EqualFold(line[:len(name)], []byte(name)) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(line[len(name):]))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return fmt.Errorf("%s without Content-Length", told)
	}
	if !good {
		body := make([]byte, min(length, 500))
		_, _ = io.ReadFull(r, body) // it only explains
		return fmt.Errorf("%s: %s", told, body)
	}
	_, err = r.Discard(length)
	return err
}
