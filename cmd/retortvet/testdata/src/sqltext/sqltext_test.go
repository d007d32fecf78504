package sqltext

import (
	"testing"

	"github.com/retort-go/retort"
)

func TestTests(t *testing.T) {
	retort.SQL[int64]("SELECT " + t.Name())
}
