package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// upload is a file between its three steps.
type upload struct {
	name   string
	length int
	body   []byte
}

func (s *Server) uploadURL(p url.Values) (map[string]any, string) {
	if s.o.NoFiles {
		return nil, "missing_scope"
	}
	length, err := strconv.Atoi(p.Get("length"))
	if err != nil || length < 1 || p.Get("filename") == "" {
		return nil, "invalid_arguments"
	}
	id := fmt.Sprintf("F%09d", len(s.uploads)+1)
	s.uploads[id] = &upload{name: p.Get("filename"), length: length}
	return map[string]any{"upload_url": s.URL + "/upload/" + id, "file_id": id}, ""
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	part, _, err := r.FormFile("file")
	if err != nil {
		http.Error(w, "no file", http.StatusBadRequest)
		return
	}
	body, err := io.ReadAll(part)
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.uploads[r.PathValue("id")]
	if err != nil || u == nil || len(body) != u.length {
		http.Error(w, "another length", http.StatusBadRequest)
		return
	}
	u.body = body
	fmt.Fprintf(w, "OK - %d", len(body))
}

// completeUpload shows files that were uploaded, as one message. One whose upload did not come is refused, and then none
// is shown.
func (s *Server) completeUpload(p url.Values) (map[string]any, string) {
	var files []struct {
		ID    string `json:"id"`
		Title string `json:"title"`
	}
	c, code := s.target(url.Values{"channel": {p.Get("channel_id")}})
	if code != "" {
		return nil, code
	}
	if json.Unmarshal([]byte(p.Get("files")), &files) != nil || len(files) == 0 {
		return nil, "invalid_arguments"
	}
	m := &Message{Channel: c.id, Bodies: map[string][]byte{}}
	shown := []any{}
	for _, f := range files {
		u := s.uploads[f.ID]
		if u == nil || u.body == nil {
			return nil, "file_not_found"
		}
		m.Files, m.Bodies[u.name] = append(m.Files, u.name), u.body
		shown = append(shown, map[string]any{"id": f.ID, "title": f.Title})
	}
	for _, f := range files {
		s.uploads[f.ID].body = nil // It is shown once.
	}
	if m.TS = s.ts(); c.message(p.Get("thread_ts")) != nil {
		m.Thread = p.Get("thread_ts")
	}
	c.messages = append(c.messages, m)
	return map[string]any{"files": shown}, ""
}
