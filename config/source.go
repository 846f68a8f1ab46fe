package config

import "strings"

// Origin is where a setting came from.
type Origin struct {
	File string // As it was named, "environment", or "default".
	Line int    // 0 when there is none.
	Key  string // The key as it is written there.
}

// Source knows where every setting came from, so that a later error can still name the line.
type Source struct {
	Path    string  // The settings file; empty when there was none.
	Missing []Error // What Urgent left out.
	origins map[string]Origin
}

// Of finds the origin of a key such as rpc.endpoints[0].url, or of the nearest part of it that was written down.
func (s Source) Of(key string) Origin {
	for at := key; at != ""; at = parent(at) {
		if origin, ok := s.origins[at]; ok {
			origin.Key += strings.TrimPrefix(key, at)
			origin.Key = strings.TrimPrefix(origin.Key, ".")
			return origin
		}
	}
	return Origin{File: "default", Key: key}
}

// locate gives an error of Validate its file and line.
func (s Source) locate(e Error) Error {
	origin := s.Of(e.Key)
	if origin.File == "default" {
		origin.File = s.Path // A setting that is missing: the file is where it should go.
	}
	e.File, e.Line, e.Key = origin.File, origin.Line, origin.Key
	return e
}

// record notes an origin. What is written first stays unless replace is set.
func (s Source) record(key string, origin Origin, replace bool) {
	if _, ok := s.origins[key]; !ok || replace {
		s.origins[key] = origin
	}
}

// forget drops everything under a key, when another source replaces a whole list.
func (s Source) forget(key string) {
	for k := range s.origins {
		if k == key || strings.HasPrefix(k, key+"[") || strings.HasPrefix(k, key+".") {
			delete(s.origins, k)
		}
	}
}

// parent cuts the last part of a key: vaults[1].page_size → vaults[1] → vaults → "".
func parent(key string) string {
	return key[:max(strings.LastIndexAny(key, ".["), 0)]
}
