package web

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Links within the page. An id is one segment of the path, whatever letters it has.
func vaultLink(id string) string    { return "/vaults/" + url.PathEscape(id) }
func incidentLink(id string) string { return "/incidents/" + url.PathEscape(id) }

// query is the page's own address with another parameter; an empty value takes it away.
func query(u *url.URL, name, value string) string {
	q := u.Query()
	if value == "" {
		q.Del(name)
	} else {
		q.Set(name, value)
	}
	if name != "page" {
		q.Del("page") // Another choice begins at its first page.
	}
	if len(q) == 0 {
		return u.EscapedPath()
	}
	return u.EscapedPath() + "?" + q.Encode()
}

// pager cuts a long list.
type pager struct {
	From, To, Total int    // Counted from 1; all 0 for an empty list.
	Prev, Next      string // Addresses; empty at an end.
	Page, Pages     int
}

// cut gives the asked page of a list of n, as [from, to), with the pager. A page that is not there is the nearest one.
func cut(u *url.URL, n, size int) (from, to int, p pager) {
	pages := max(1, (n+size-1)/size)
	at, _ := strconv.Atoi(u.Query().Get("page")) // What is no number is the first page.
	at = min(max(1, at), pages)
	from = (at - 1) * size
	to = min(n, from+size)
	p = pager{From: min(from+1, n), To: to, Total: n, Page: at, Pages: pages}
	if at > 1 {
		p.Prev = query(u, "page", strconv.Itoa(at-1))
	}
	if at < pages {
		p.Next = query(u, "page", strconv.Itoa(at+1))
	}
	return from, to, p
}

// choice is one entry of a filter.
type choice struct {
	Text    string
	Count   int
	Link    string
	Current bool
	Tone    tone
}

// contains compares as people search: without regard to case.
func contains(text, part string) bool {
	return part == "" || strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// webLink is true for an address that may stand behind a link.
func webLink(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && slices.Contains([]string{"http", "https"}, u.Scheme)
}
