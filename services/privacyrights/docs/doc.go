// Package docs serves the API's documentation pages: Swagger UI at /docs and
// Redoc at /redoc, both rendered from one OpenAPI document.
//
// The one idea: no request leaves the host. The scripts and styles of both are
// embedded, the pages carry a strict Content-Security-Policy, and what Redoc
// still asks for elsewhere (a logo) the browser refuses by that policy.
//
//	mux := http.NewServeMux()
//	docs.Register(mux, "/openapi.json", "Privacy rights")
//
// It does not make the OpenAPI document, and it knows nothing of the service
// that it describes. The service's router sits above it; below it is only the
// standard library.
//
// The assets are those of the npm packages named in internal/fetch, with their
// licenses; `make generate` fetches and packs them again.
package docs

//go:generate go run ./internal/fetch -out assets
