package run

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/retort-go/retort/bench/peers"
	"github.com/retort-go/retort/bench/peers/serve"
)

// startTime bounds how long a process may take to listen.
const startTime = 20 * time.Second

// child is a running entrant.
type child struct {
	name    string
	address string
	cmd     *exec.Cmd
	in      io.WriteCloser
	out     *bufio.Reader
	stderr  bytes.Buffer
}

func start(ctx context.Context, p Peer, cfg peers.Config) (c *child, err error) {
	c = &child{name: p.Name, cmd: p.Command(ctx, cfg)}
	c.cmd.Env = append(os.Environ(), "TZ=UTC")
	c.cmd.Stderr = &c.stderr
	out, err1 := c.cmd.StdoutPipe()
	in, err2 := c.cmd.StdinPipe()
	if err := errors.Join(err1, err2, c.cmd.Start()); err != nil {
		return nil, fmt.Errorf("%s: %w", p.Name, err)
	}
	c.in, c.out = in, bufio.NewReader(out)
	late := time.AfterFunc(startTime, func() { _ = c.cmd.Process.Kill() })
	line, err := c.out.ReadString('\n')
	late.Stop()
	var ok bool
	if c.address, ok = strings.CutPrefix(strings.TrimSpace(line), "listening "); !ok {
		return nil, errors.Join(fmt.Errorf("%s does not listen: %q, %w", p.Name, line, err), c.stop())
	}
	return c, nil
}

// stop ends the process.
//
//   - Errors: what it says about its own end.
func (c *child) stop() error {
	_ = c.in.Close()
	kill := time.AfterFunc(startTime, func() { _ = c.cmd.Process.Kill() })
	defer kill.Stop()
	if err := c.cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %w: %.2000s", c.name, err, c.stderr.String())
	}
	return nil
}

// order has calls made inside a Go entrant.
func (c *child) order(o serve.Order) (f serve.Figures, err error) {
	if err = json.NewEncoder(c.in).Encode(o); err != nil {
		return f, err
	}
	line, err := c.out.ReadBytes('\n')
	if err != nil {
		return f, fmt.Errorf("%s: %s: %w", c.name, o.Workload, err)
	}
	return f, json.Unmarshal(line, &f)
}

// ask makes one request and returns the body of its answer.
func (c *child) ask(ctx context.Context, method, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.address+path, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %s: %s: %.500s", c.name, method, path, res.Status, body)
	}
	return body, err
}

// cpuTime is the processor time that the process has used.
func (c *child) cpuTime(ctx context.Context) (time.Duration, error) {
	body, err := c.ask(ctx, http.MethodGet, "/usage")
	if err != nil {
		return 0, err
	}
	var used struct {
		NS int64 `json:"cpu_ns"`
	}
	return time.Duration(used.NS), json.Unmarshal(body, &used)
}

// peakMemory is the most memory that the process had resident, in bytes; 0 where
// the kernel does not tell.
func (c *child) peakMemory() float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib * 1024
		}
	}
	return 0
}
