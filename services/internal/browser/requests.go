package browser

import (
	"encoding/json"
	"fmt"
	"net/url"
	"sync"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
)

// Request is one thing that a page asked for.
type Request struct {
	Method string
	URL    string
	Kind   string // as DevTools names it: Document, Script, Image, Fetch …
	Status int64  // 0 while unanswered
	Failed string // why it failed, such as "net::ERR_BLOCKED_BY_CSP" or "csp"; empty when it did not
}

// String gives the request on one line.
func (r Request) String() string {
	text := fmt.Sprintf("%s %s (%s)", r.Method, r.URL, r.Kind)
	if r.Failed != "" {
		text += " failed: " + r.Failed
	}
	return text
}

// record is what a page's events add up to.
type record struct {
	mu       sync.Mutex // guards what follows; events come on chromedp's goroutine
	requests []*Request
	byID     map[network.RequestID]*Request
	console  []string
}

func newRecord() *record { return &record{byID: map[network.RequestID]*Request{}} }

// event takes one event of the page, in order of arrival.
func (r *record) event(ev any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		request := &Request{Method: ev.Request.Method, URL: ev.Request.URL, Kind: string(ev.Type)}
		r.requests = append(r.requests, request)
		r.byID[ev.RequestID] = request // a redirect keeps the id: what follows belongs to the newest
	case *network.EventResponseReceived:
		if request := r.byID[ev.RequestID]; request != nil {
			request.Status = ev.Response.Status
		}
	case *network.EventLoadingFailed:
		if request := r.byID[ev.RequestID]; request != nil {
			request.Failed = ev.ErrorText
			if ev.BlockedReason != "" {
				request.Failed = string(ev.BlockedReason)
			}
		}
	case *runtime.EventExceptionThrown:
		text := ev.ExceptionDetails.Text
		if ev.ExceptionDetails.Exception != nil {
			text += " " + ev.ExceptionDetails.Exception.Description
		}
		r.console = append(r.console, "exception: "+text)
	case *log.EventEntryAdded:
		r.console = append(r.console, string(ev.Entry.Level)+": "+ev.Entry.Text)
	case *runtime.EventConsoleAPICalled:
		text := "console." + string(ev.Type) + ":"
		for _, arg := range ev.Args {
			text += " " + string(arg.Value)
		}
		r.console = append(r.console, text)
	}
}

// leaves reports whether rawURL goes over the network to another host than
// home; data:, blob: and about: do not.
func leaves(rawURL, home string) bool {
	u, err := url.Parse(rawURL)
	if err != nil {
		return true
	}
	switch u.Scheme {
	case "data", "blob", "about":
		return false
	}
	own, err := url.Parse(home)
	return err != nil || u.Host != own.Host
}

// quote makes a JavaScript string of text; JSON's strings are a part of
// JavaScript's.
func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic("browser: a string that JSON cannot hold: " + err.Error()) // there is none
	}
	return string(quoted)
}
