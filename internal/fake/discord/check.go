package discord

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Limits of webhook messages.
const (
	maxContent     = 2000
	maxEmbeds      = 10
	maxTitle       = 256
	maxDescription = 4096
	maxFields      = 25
	maxName        = 256
	maxValue       = 1024
	maxFooter      = 2048
	maxAuthor      = 256
	maxTotal       = 6000
	maxThreadName  = 100
	maxFileBytes   = 10 << 20
)

// message is what is checked of a body.
type message struct {
	Content    string  `json:"content"`
	ThreadName string  `json:"thread_name"`
	Embeds     []embed `json:"embeds"`
	Mentions   *struct {
		Parse []string `json:"parse"`
	} `json:"allowed_mentions"`
}

type embed struct {
	Title       string `json:"title"`
	Description string `json:"description"`
	URL         string `json:"url"`
	Timestamp   string `json:"timestamp"`
	Color       int    `json:"color"`
	Fields      []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"fields"`
	Footer *struct {
		Text string `json:"text"`
	} `json:"footer"`
	Author *struct {
		Name string `json:"name"`
	} `json:"author"`
}

// mentions says whether anybody would be called: embeds never call, content does unless it is forbidden.
func (m message) mentions() bool {
	allowed := m.Mentions == nil || len(m.Mentions.Parse) > 0
	return allowed && (strings.Contains(m.Content, "@everyone") || strings.Contains(m.Content, "@here") || strings.Contains(m.Content, "<@"))
}

func read(r *http.Request) (json.RawMessage, map[string]int, message, error) {
	var m message
	body, files, err := parts(r)
	if err != nil {
		return nil, nil, m, err
	}
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, nil, m, errors.New("the body is no JSON object")
	}
	return body, files, m, m.check(len(files) > 0)
}

// parts takes a plain body, or payload_json and files of a form.
func parts(r *http.Request) (json.RawMessage, map[string]int, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		return nil, nil, errors.New("Content-Type is missing")
	}
	if kind != "multipart/form-data" {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		return body, nil, err
	}
	var body json.RawMessage
	files := map[string]int{}
	form := multipart.NewReader(r.Body, params["boundary"])
	for {
		part, err := form.NextPart()
		if errors.Is(err, io.EOF) {
			return body, files, nil
		}
		if err != nil {
			return nil, nil, err
		}
		data, err := io.ReadAll(io.LimitReader(part, maxFileBytes+1))
		switch {
		case err != nil:
			return nil, nil, err
		case len(data) > maxFileBytes:
			return nil, nil, errors.New("Request entity too large")
		case part.FormName() == "payload_json":
			body = bytes.Clone(data)
		default:
			files[part.FileName()] = len(data)
		}
	}
}

// check holds a message to the documented limits.
func (m message) check(hasFiles bool) error {
	total := 0
	within := func(what, text string, least, most int) error {
		total += units(text)
		if n := units(text); n < least || n > most {
			return fmt.Errorf("%s: must be between %d and %d in length", what, least, most)
		}
		return nil
	}
	switch {
	case units(m.Content) > maxContent:
		return fmt.Errorf("content: must be %d or fewer in length", maxContent)
	case units(m.ThreadName) > maxThreadName:
		return fmt.Errorf("thread_name: must be %d or fewer in length", maxThreadName)
	case m.Content == "" && len(m.Embeds) == 0 && !hasFiles:
		return errors.New("Cannot send an empty message")
	case len(m.Embeds) > maxEmbeds:
		return fmt.Errorf("embeds: must be %d or fewer", maxEmbeds)
	}
	for i, e := range m.Embeds {
		at := fmt.Sprintf("embeds[%d].", i)
		if len(e.Fields) > maxFields {
			return fmt.Errorf("%sfields: must be %d or fewer", at, maxFields)
		}
		if e.Title == "" && e.Description == "" && len(e.Fields) == 0 {
			return errors.New(at + ": is empty")
		}
		errs := []error{within(at+"title", e.Title, 0, maxTitle), within(at+"description", e.Description, 0, maxDescription)}
		for j, f := range e.Fields {
			errs = append(errs, within(fmt.Sprintf("%sfields[%d].name", at, j), strings.TrimSpace(f.Name), 1, maxName), within(fmt.Sprintf("%sfields[%d].value", at, j), strings.TrimSpace(f.Value), 1, maxValue))
		}
		if e.Footer != nil {
			errs = append(errs, within(at+"footer.text", e.Footer.Text, 1, maxFooter))
		}
		if e.Author != nil {
			errs = append(errs, within(at+"author.name", e.Author.Name, 1, maxAuthor))
		}
		if _, err := time.Parse(time.RFC3339, e.Timestamp); e.Timestamp != "" && err != nil {
			errs = append(errs, errors.New(at+"timestamp: could not be parsed"))
		}
		if u, err := url.Parse(e.URL); e.URL != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https")) {
			errs = append(errs, errors.New(at+"url: scheme must be http or https"))
		}
		if e.Color < 0 || e.Color > 0xffffff {
			errs = append(errs, errors.New(at+"color: must be from 0 to 16777215"))
		}
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	if total > maxTotal {
		return fmt.Errorf("embeds: size exceeds maximum size of %d", maxTotal)
	}
	return nil
}

func units(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x10000 {
			n++
		}
	}
	return n
}
