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
	requests int
	took     time.Duration
	median   time.Duration
	p99      time.Duration
}

// run sends the requests. Each client sends one at least.
//
//   - Errors: the first answer that is not 200, and broken connections.
func (l load) run(ctx context.Context) (loaded, error) {
	all := make([][]time.Duration, l.clients)
	errs := make([]error, l.clients)
	var clients sync.WaitGroup
	started := time.Now()
	for i := range l.clients {
		clients.Go(func() { all[i], errs[i] = l.client(ctx, i, started.Add(l.during)) })
	}
	clients.Wait()
	took := time.Since(started)
	if err := errors.Join(errs...); err != nil {
		return loaded{}, err
	}
	times := slices.Concat(all...)
	slices.Sort(times)
	return loaded{
		requests: len(times), took: took,
		median: times[len(times)/2], p99: times[(len(times)*99)/100],
	}, nil
}

// client is one connection. It speaks the little HTTP that it needs by itself:
// net/http's client would take more of the machine than some entrants do.
func (l load) client(ctx context.Context, number int, end time.Time) ([]time.Duration, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", l.address)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	answers := bufio.NewReaderSize(conn, 64<<10)
	var times []time.Duration
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
