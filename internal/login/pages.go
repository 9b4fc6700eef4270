package login

import (
	"bytes"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"strings"
)

// pageSet holds the pages, compiled at start. A page is a template in pages/ with the layout around it, and one Go file that
// fills it; adding one is adding these two and a route.
type pageSet struct {
	byName map[string]*template.Template
}

// page is what every page shows; a page's own struct embeds it.
type page struct {
	Stylesheet string
	// Heading is the page's title and only h1.
	Heading string
	// PoolName says whose page it is; empty when no pool is known.
	PoolName string
}

// loadPages compiles every template beside the layout.
func loadPages() (*pageSet, error) {
	layout, err := template.ParseFS(pageFiles, "pages/layout.html")
	if err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, fmt.Errorf("login: %w", err)
	}
	set := &pageSet{byName: make(map[string]*template.Template, len(names))}
	for _, file := range names {
		name := strings.TrimSuffix(strings.TrimPrefix(file, "pages/"), ".html")
		if name == "layout" {
			continue
		}
		own, err := layout.Clone()
		if err == nil {
			own, err = own.ParseFS(pageFiles, file)
		}
		if err != nil {
			return nil, fmt.Errorf("login: %w", err)
		}
		set.byName[name] = own
	}
	return set, nil
}

// contentPolicy lets a page load its stylesheet and nothing else. It has no form-action: browsers hold that against the redirects
// that follow a form too, and where a client's callback sends the person on is not ours to know.
const contentPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"

// render fills a page. The referrer stays within the origin, because a page's address holds the client's state.
func (h *Handler) render(code int, name string, data any) (*answer, error) {
	var b bytes.Buffer
	if err := h.pages.byName[name].ExecuteTemplate(&b, "layout.html", data); err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	a := &answer{status: code, contentType: "text/html;charset=UTF-8", body: b.Bytes()}
	return a.set("Content-Security-Policy", contentPolicy).
		set("Referrer-Policy", "same-origin").
		set("Content-Language", "en"), nil
}

// page is the part that all pages have.
func (x *exchange) page(heading, poolName string) page {
	return page{Stylesheet: x.place.url(stylesheetPath, ""), Heading: heading, PoolName: poolName}
}

// errorPage is the error page itself. It cannot fail: without its template it is still a plain sentence.
func (h *Handler) errorPage(x *exchange, code int, name string) *answer {
	text, known := errorTexts[name]
	if !known {
		name, text = "", errorTexts["invalid_request"]
	}
	a, err := h.render(code, "error", errorPageData{page: x.page("Something is not right", ""), Code: name, Text: text})
	if err != nil {
		return &answer{status: http.StatusInternalServerError, contentType: "text/plain;charset=UTF-8", body: []byte(text)}
	}
	return a
}
