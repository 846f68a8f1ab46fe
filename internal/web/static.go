package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"net/http"
	"path"
)

//go:embed static
var staticFiles embed.FS

// assets are the page's style, script and icon, by name.
type assets map[string]asset

type asset struct {
	body []byte
	kind string
	sum  string
}

func loadAssets() (assets, error) {
	out := assets{}
	for name, kind := range map[string]string{"style.css": "text/css; charset=utf-8", "page.js": "text/javascript; charset=utf-8", "icon.svg": "image/svg+xml"} {
		body, err := staticFiles.ReadFile("static/" + name)
		if err != nil {
			return nil, fmt.Errorf("the page's file %s: %w", name, err)
		}
		sum := sha256.Sum256(body)
		out[name] = asset{body: body, kind: kind, sum: hex.EncodeToString(sum[:8])}
	}
	return out, nil
}

// path is an asset's address. It changes with its content, so that no browser shows a new page in an old style.
func (a assets) path(name string) string { return path.Join("/static", name) + "?v=" + a[name].sum }

func (a assets) serve(w http.ResponseWriter, r *http.Request) {
	one, ok := a[r.PathValue("file")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", one.kind)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	_, _ = w.Write(one.body) // A reader that hangs up gets nothing, and nothing is lost.
}
