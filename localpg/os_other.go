//go:build !unix

package localpg

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"syscall"
)

// errPlatform is the honest answer where starting a server was never tried.
func errPlatform() error {
	return fmt.Errorf("localpg: starting PostgreSQL on %s: %w; run a server, for instance in a container, and set DATABASE_URL", runtime.GOOS, errors.ErrUnsupported)
}

func serverAccount() (account, error) { return account{}, errPlatform() }

func (a account) attributes() *syscall.SysProcAttr { return nil }
func (a account) own(string) error                 { return nil }
func (a account) reaches(string) error             { return nil }
func (a account) trusted(string) error             { return nil }

func endWithParent(*syscall.SysProcAttr) {}
func memoryFolder(uint64) string         { return "" }
func isPostmaster(int, string) bool      { return false }
func alive(int) bool                     { return false }
func tryLock(*os.File) (bool, error)     { return false, errPlatform() }
func unlock(f *os.File)                  { f.Close() }

// promoteSignal does not exist here, where no server can be started anyway.
const promoteSignal = syscall.Signal(0)
