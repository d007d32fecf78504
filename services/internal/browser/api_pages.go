package browser

// RedocMark is what Redoc asks for below its menu, its maker's mark. There is no
// option against it; the policy of the page is. Pass it to [Page.Quiet].
const RedocMark = "https://cdn.redoc.ly/redoc/logo-mini.svg"

// TryOut has Swagger UI send a request and returns the answer that it shows.
//
//   - Shape: operation is the tag and the id, as in "requests-list-requests"; its
//     parameters stay as they are.
func (p *Page) TryOut(operation string) string {
	p.tb.Helper()
	at := "#operations-" + operation
	p.Click(at + " .opblock-summary-control")
	p.Click(at + " .try-out__btn")
	p.Click(at + " .execute")
	p.WaitVisible(at + " .live-responses-table")
	return p.Text(at + " .live-responses-table")
}
