package localpg

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
)

// janitorScript reads the postmaster's process number line by line, 0 for
// none, until its input ends, which it does when the parent is gone, however
// it went. Then it stops the server and clears the run folder.
const janitorScript = `
pid=0
while read -r line; do pid=$line; done
if [ "$pid" -gt 0 ]; then
	kill -INT "$pid" 2>/dev/null
	n=0
	while kill -0 "$pid" 2>/dev/null && [ "$n" -lt 100 ]; do
		sleep 0.1
		n=$((n + 1))
	done
fi
rm -rf -- "$1"
`

// janitor is the small shell that outlives a killed parent.
type janitor struct {
	cmd  *exec.Cmd
	pipe *os.File
}

func startJanitor(runDir string, acct account) (*janitor, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("localpg: %w", err)
	}
	defer r.Close()
	cmd := exec.Command("/bin/sh", "-c", janitorScript, "retort-localpg-janitor", runDir)
	cmd.Stdin = r
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/bin:/bin:" + os.Getenv("PATH")}
	cmd.SysProcAttr = acct.attributes()
	if err := cmd.Start(); err != nil {
		w.Close()
		return nil, fmt.Errorf("localpg: start the watching shell: %w", err)
	}
	return &janitor{cmd, w}, nil
}

// watch tells which server to stop, 0 for none.
func (j *janitor) watch(pid int) error {
	_, err := j.pipe.WriteString(strconv.Itoa(pid) + "\n")
	if err != nil {
		return fmt.Errorf("localpg: the watching shell is gone: %w", err)
	}
	return nil
}

// dismiss ends the shell without its work.
func (j *janitor) dismiss() {
	_ = j.cmd.Process.Kill()
	_ = j.cmd.Wait()
	j.pipe.Close()
}
