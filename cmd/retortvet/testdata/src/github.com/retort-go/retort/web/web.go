package web

import (
	"net/http"

	"github.com/retort-go/retort"
)

func Session(r *http.Request) *retort.Session { return nil }
