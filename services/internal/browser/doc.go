// Package browser looks at pages as a user does: in a headless Chromium, driven
// by a test, with everything that a page asks for written down.
//
// The one idea: a page is judged by what it shows and by what it asks for. Each
// request is recorded as the page makes it, blocked ones too; and each page
// stands behind a proxy that lets nothing leave this machine and notes what
// tried to, workers included.
//
//	b := browser.Start(t)
//	page := b.Open(t, server.URL+"/docs")
//	page.WaitVisible(".opblock")
//	page.Screenshot("docs")
//	if left := page.Left(); len(left) > 0 {
//		t.Errorf("requests to other hosts: %v", left)
//	}
//	if outside := page.Outside(); len(outside) > 0 {
//		t.Errorf("on the network: %q", outside)
//	}
//
// Every method fails the test by itself, with a screenshot and the console of
// the page. Screenshots lie in the test's artifact folder; `make test-pages`
// keeps it.
//
// It does not judge pixels. Above it are the page tests of the services (build
// tag pages); below it is chromedp.
package browser
