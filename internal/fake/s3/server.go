// Package s3 is a small S3-compatible service: a real server of the protocol that keeps objects in memory and breaks on
// request, for backups that go to object storage.
package s3

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"github.com/meteora-fee-router/feeops/internal/fake"
)

// Bucket is the one that every server has.
const Bucket = "backups"

// Server is a running service.
type Server struct {
	*fake.Breaker
	*fake.Server

	backend *s3mem.Backend
}

// Start runs a service with an empty bucket. Any credentials are good.
func Start(ctx context.Context) (*Server, error) {
	s := &Server{Breaker: fake.NewBreaker(), backend: s3mem.New()}
	if err := s.backend.CreateBucket(Bucket); err != nil {
		return nil, fmt.Errorf("make the bucket: %w", err)
	}
	var err error
	s.Server, err = fake.Listen(ctx, s.Breaker, s.Wrap(gofakes3.New(s.backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server(), refuse))
	return s, err
}

// refuse answers as S3 does: an XML document with a code.
func refuse(w http.ResponseWriter, f fake.Fault) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.Status)
	fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code><Message>refused</Message></Error>", f.Code)
}

// Address is that of the bucket for backup.Open, with a path in it.
func (s *Server) Address(path string) string {
	q := url.Values{"region": {"eu-test-1"}, "endpoint": {s.URL}, "use_path_style": {"true"}}
	return "s3://" + Bucket + "/" + path + "?" + q.Encode()
}

// Keys are the names of all objects.
func (s *Server) Keys() ([]string, error) {
	list, err := s.backend.ListBucket(Bucket, nil, gofakes3.ListBucketPage{})
	if err != nil {
		return nil, fmt.Errorf("list: %w", err)
	}
	var out []string
	for _, o := range list.Contents {
		out = append(out, o.Key)
	}
	return out, nil
}

// Object is the content of one.
func (s *Server) Object(key string) ([]byte, error) {
	o, err := s.backend.GetObject(Bucket, key, nil)
	if err != nil {
		return nil, fmt.Errorf("get %s: %w", key, err)
	}
	defer func() { _ = o.Contents.Close() }() // It was only read.
	return io.ReadAll(o.Contents)
}
