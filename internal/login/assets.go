package login

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"net/http"
)

//go:embed pages
var pageFiles embed.FS

//go:embed pages/login.css
var stylesheetText []byte

// stylesheetPath names the stylesheet by its content: it can be cached for ever, and the pages need no exception from a
// content security policy that allows nothing but this server's own files.
var stylesheetPath = func() string {
	sum := sha256.Sum256(stylesheetText)
	return "/assets/login." + hex.EncodeToString(sum[:8]) + ".css"
}()

func (h *Handler) stylesheet(*exchange) (*answer, error) {
	a := &answer{status: http.StatusOK, contentType: "text/css;charset=UTF-8", body: stylesheetText}
	return a.set("Cache-Control", "public, max-age=31536000, immutable"), nil
}
