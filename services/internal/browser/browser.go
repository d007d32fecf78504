package browser

import (
	"context"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// How long a test may use a browser, and how long one step of it may take.
const (
	wholeTimeout = 3 * time.Minute
	stepTimeout  = 30 * time.Second
)

// Browser is one headless Chromium.
type Browser struct {
	ctx context.Context // chromedp keeps the browser in it
}

// Start launches Chromium and waits until it is up.
//
//   - Errors: the test fails; without a Chromium, with the commands to get one.
//   - Concurrency: [Browser.Open] may be called from parallel subtests.
//   - Cleanup: closed with the test, its processes and its profile included.
func Start(tb testing.TB) *Browser {
	tb.Helper()
	path := find(tb)

	deadline, cancelDeadline := context.WithTimeout(context.Background(), wholeTimeout)
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path),
		chromedp.WindowSize(1280, 900),
		// For the browser's own questions about updates, accounts and the time.
		// Nobody listens there; pages get a gate of their own.
		chromedp.ProxyServer("127.0.0.1:1"),
		// What the browser would ask for by a page's own way out: about forms, and, of its
		// search engine, a connection beforehand and whether it has an assistant.
		chromedp.Flag("disable-features", "Translate,BlinkGenPropertyTrees,AutofillServerCommunication,"+
			"PreconnectToSearch,SearchEnginePreconnect2,AimEnabled"),
	)
	alloc, cancelAlloc := chromedp.NewExecAllocator(deadline, options...)
	ctx, cancel := chromedp.NewContext(alloc)
	tb.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			tb.Logf("browser: close Chromium: %v", err)
		}
		cancel()
		cancelAlloc()
		cancelDeadline()
		chromedp.FromContext(ctx).Allocator.Wait()
	})
	if err := chromedp.Do(ctx); err != nil {
		tb.Fatalf("browser: start %s: %v", path, err)
	}
	return &Browser{ctx: ctx}
}

// find returns a Chromium's path or fails the test with what to do.
func find(tb testing.TB) string {
	tb.Helper()
	candidates := []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"}
	if runtime.GOOS == "darwin" {
		candidates = append(candidates,
			"/Applications/Chromium.app/Contents/MacOS/Chromium",
			"/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")
	}
	for _, name := range candidates {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	tb.Fatalf("browser: no Chromium here (looked for %q).\n"+
		"  Debian, Ubuntu: apt-get install -y --no-install-recommends chromium\n"+
		"  Fedora:         dnf install chromium\n"+
		"  macOS:          brew install --cask chromium", candidates)
	return ""
}
