package signer

import (
	"fmt"
	"io"
	"net/http"
)

// maxAnswer bounds an answer of a key service. A public key or a signature takes some hundred bytes.
const maxAnswer = 256 << 10

// short cuts answers off: a service that was replaced could answer without end, and a library reads it all.
type short struct{ next http.RoundTripper }

// RoundTrip bounds the answer's body.
func (s short) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := s.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{ReadCloser: answer.Body, left: maxAnswer}
	return answer, nil
}

// bounded fails where io.LimitReader would end: half an answer must not look like a whole one.
type bounded struct {
	io.ReadCloser

	left int
}

// Read reads no more than is left.
func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, fmt.Errorf("the answer has more than %d bytes", maxAnswer)
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// client is what AWS's library asks a client to do.
type client interface {
	Do(r *http.Request) (*http.Response, error)
}

// shortClient is short for AWS's library.
type shortClient struct{ next client }

// Do bounds the answer's body.
func (s shortClient) Do(r *http.Request) (*http.Response, error) {
	answer, err := s.next.Do(r)
	if err != nil {
		return nil, err
	}
	answer.Body = &bounded{ReadCloser: answer.Body, left: maxAnswer}
	return answer, nil
}
