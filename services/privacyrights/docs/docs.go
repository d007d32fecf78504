package docs

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// policy lets the pages use what this host serves and nothing else. Both draw
// with inline styles, Redoc searches in a worker made from a blob; neither
// needs inline scripts.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; connect-src 'self'; worker-src blob:; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// Where the fetched packages lie below assets.
const (
	swaggerDir = "swagger-ui-dist-5.35.0"
	redocDir   = "redoc-2.5.4"
)

// assetsPath is where everything lies that the pages load.
const assetsPath = "/docs/assets/"

// Register adds GET /docs (Swagger UI), GET /redoc (Redoc) and what they load,
// below /docs/assets/, to mux.
//
//   - Shape: openapiPath is the path on the same host of an OpenAPI 3 document
//     as JSON; title is the pages' title, any text.
//   - Errors: Register panics, as mux does, when mux has one of the patterns.
//   - Source: swagger-ui-dist 5.35.0 (Apache-2.0), redoc 2.5.4 (MIT).
func Register(mux *http.ServeMux, openapiPath, title string) {
	assets := load()
	mux.Handle("GET "+assetsPath, http.StripPrefix(assetsPath, assets))
	mux.Handle("GET /docs", render(page{
		Title:   title,
		OpenAPI: openapiPath,
		Icon:    assetsPath + swaggerDir + "/favicon-32x32.png",
		Styles:  []string{assetsPath + swaggerDir + "/swagger-ui.css", assetsPath + "page.css"},
		Scripts: []string{assetsPath + swaggerDir + "/swagger-ui-bundle.js", assetsPath + "swagger.js"},
	}))
	mux.Handle("GET /redoc", render(page{
		Title:   title,
		OpenAPI: openapiPath,
		Icon:    "data:,", // none; without it the browser asks for /favicon.ico
		Styles:  []string{assetsPath + "page.css"},
		Scripts: []string{assetsPath + redocDir + "/redoc.standalone.js", assetsPath + "redoc.js"},
	}))
}

// page is what the template shows.
type page struct {
	Title   string
	OpenAPI string
	Icon    template.URL
	Styles  []string
	Scripts []string
}

// render makes the page once; every request gets the same bytes.
func render(p page) http.Handler {
	var text bytes.Buffer
	tmpl := template.Must(template.ParseFS(pages, "pages/page.html"))
	if err := tmpl.Execute(&text, p); err != nil {
		panic(fmt.Sprintf("docs: render page: %v", err)) // the template is a constant
	}
	return &asset{
		contentType: "text/html; charset=utf-8",
		plain:       text.Bytes(),
		etag:        digest(text.Bytes()),
		cache:       revalidate,
	}
}

// assetMux serves assets by their path below /docs/assets/.
type assetMux map[string]*asset

// load reads every embedded file once. The embedded tree is fixed when the
// program is built, so an error here is one of the build: it panics.
func load() assetMux {
	all := assetMux{}
	walk := func(tree fs.FS, dir, cache string) {
		err := fs.WalkDir(tree, dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			text, err := fs.ReadFile(tree, name)
			if err != nil {
				return err
			}
			a := newAsset(strings.TrimSuffix(name, ".gz"), cache)
			if path.Ext(name) == ".gz" {
				a.gzipped = text
			} else {
				a.plain = text
			}
			a.etag = digest(text)
			all[strings.TrimSuffix(strings.TrimPrefix(name, dir+"/"), ".gz")] = a
			return nil
		})
		if err != nil {
			panic(fmt.Sprintf("docs: read embedded files: %v", err))
		}
	}
	walk(fetched, "assets", forever)
	walk(pages, "pages", revalidate)
	delete(all, "page.html") // a template, no page
	return all
}

// ServeHTTP answers with the asset, or 404.
func (m assetMux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if a, ok := m[r.URL.Path]; ok {
		a.ServeHTTP(w, r)
		return
	}
	http.NotFound(w, r)
}
