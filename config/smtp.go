package config

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// smtp reads SMTP_CONFIG. The document names it and never says what is in it, so both usual forms are taken:
// an address smtp://user:password@host:587?from=a@b&to=c@d,e@f and the JSON object of Node's mailers.
func (r *reader) smtp(text string) (string, any) {
	const key = "notify.smtp"
	value, _, problem := r.resolve(text, place{file: environment, literal: true})
	if problem == nil {
		var out map[string]any
		var err error
		if strings.HasPrefix(strings.TrimSpace(value), "{") {
			out, err = smtpJSON(value)
		} else {
			out, err = smtpURL(value)
		}
		if err == nil {
			r.source.forget(key)
			r.source.record(key, Origin{File: environment, Key: "SMTP_CONFIG"}, true)
			return key, out
		}
		problem = &Error{Got: err.Error(), Want: "smtp://user:password@host:587?from=a@example.org&to=b@example.org, or JSON with host, port, auth, from, to"}
	}
	problem.File, problem.Key = environment, "SMTP_CONFIG"
	r.fail(*problem)
	return "", nil
}

func smtpURL(text string) (map[string]any, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, fmt.Errorf("something else") // The text holds a password and is not repeated.
	}
	out := map[string]any{"host": u.Hostname(), "username": u.User.Username()}
	if password, ok := u.User.Password(); ok {
		out["password"] = password
	}
	if u.Scheme == "smtps" {
		out["tls"], out["port"] = "tls", uint64(465)
	}
	if p := u.Port(); p != "" {
		port, err := strconv.ParseUint(p, 10, 16)
		if err != nil {
			return nil, fmt.Errorf("port %s", quote(p))
		}
		out["port"] = port
	}
	for name, values := range u.Query() {
		switch name {
		case "from", "tls":
			out[name] = values[0]
		case "to":
			out[name] = list(strings.Join(values, ","))
		default:
			return nil, fmt.Errorf("the parameter %s", quote(name))
		}
	}
	return out, nil
}

func smtpJSON(text string) (map[string]any, error) {
	var in struct {
		Host   string `json:"host"`
		Port   uint16 `json:"port"`
		Secure bool   `json:"secure"`
		Auth   struct {
			User string `json:"user"`
			Pass string `json:"pass"`
		} `json:"auth"`
		From string          `json:"from"`
		To   json.RawMessage `json:"to"`
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return nil, fmt.Errorf("JSON that does not fit")
	}
	out := map[string]any{"host": in.Host, "username": in.Auth.User, "password": in.Auth.Pass, "from": in.From}
	if in.Port != 0 {
		out["port"] = uint64(in.Port)
	}
	if in.Secure {
		out["tls"] = "tls"
	}
	var one string
	var many []string
	switch {
	case len(in.To) == 0:
	case json.Unmarshal(in.To, &one) == nil:
		out["to"] = list(one)
	case json.Unmarshal(in.To, &many) == nil:
		out["to"] = list(strings.Join(many, ","))
	default:
		return nil, fmt.Errorf("a list to that is not text")
	}
	return out, nil
}
