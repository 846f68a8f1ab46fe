package rpc

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

const (
	// socketQueue is how many messages may wait for a slow reader before its connection is cut.
	socketQueue = 4096
	// maxSocketMessage is the largest request on a socket.
	maxSocketMessage = 64 << 10
)

// socket is one WebSocket connection. The reader goroutine subscribes, the chain's goroutine queues notifications, the
// writer goroutine sends them: a slow client fills its queue and is cut, it never holds up the chain.
type socket struct {
	endpoint *Endpoint
	conn     *websocket.Conn
	queue    chan []byte
	cut      context.CancelFunc

	mu       sync.Mutex
	next     uint64
	subs     map[uint64]*subscription
	order    []uint64 // notifications leave in the order of subscription
	progress progress
}

func (e *Endpoint) serveSocket(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return // Accept has answered the client already.
	}
	ctx, cancel := context.WithCancel(e.ctx)
	defer cancel()
	s := &socket{endpoint: e, conn: conn, queue: make(chan []byte, socketQueue), cut: cancel, subs: map[uint64]*subscription{}}
	if !e.register(s) {
		_ = conn.CloseNow() // The node is closing.
		return
	}
	defer e.conns.Done()
	defer e.unregister(s)
	conn.SetReadLimit(maxSocketMessage)
	var writer sync.WaitGroup
	writer.Go(func() { s.write(ctx) })
	s.read(ctx)
	cancel()
	_ = conn.CloseNow() // It may be closed already.
	writer.Wait()
}

// register counts the connection in before Close waits for all of them.
func (e *Endpoint) register(s *socket) bool {
	e.chain.mu.Lock()
	defer e.chain.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return false
	}
	e.conns.Add(1)
	e.sockets[s] = struct{}{}
	s.progress.start(e.view(""))
	e.chain.hub.sockets[s] = struct{}{}
	return true
}

func (e *Endpoint) unregister(s *socket) {
	e.chain.mu.Lock()
	defer e.chain.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.sockets, s)
	delete(e.chain.hub.sockets, s)
}

// open counts the connections.
func (e *Endpoint) open() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.sockets)
}

// cutSockets ends every connection without a goodbye.
func (e *Endpoint) cutSockets() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for s := range e.sockets {
		s.cut()
	}
}

func (s *socket) read(ctx context.Context) {
	for {
		kind, message, err := s.conn.Read(ctx)
		if err != nil {
			return
		}
		if kind != websocket.MessageText {
			continue
		}
		s.handle(message)
	}
}

func (s *socket) write(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case message := <-s.queue:
			if s.conn.Write(ctx, websocket.MessageText, message) != nil {
				s.cut()
				return
			}
		}
	}
}

// send queues a message and cuts the connection when the client does not keep up.
func (s *socket) send(message any) {
	body, err := encode(message)
	if err != nil {
		s.endpoint.log.Error("notification cannot be encoded", "error", err)
		return
	}
	select {
	case s.queue <- body[:len(body)-1]:
	default:
		s.cut()
	}
}

// handle answers one message: a subscription, its end, or an error. A client's ping notification has no answer.
func (s *socket) handle(message []byte) {
	requests, batch, problem := parseBody(message)
	if problem != nil {
		s.send(errorResponse{version, problem, json.RawMessage("null")})
		return
	}
	// No slot may come between a subscription, its answer and what it begins with: the client would miss that slot, or
	// hear of it before it knows the subscription.
	s.endpoint.chain.mu.RLock()
	defer s.endpoint.chain.mu.RUnlock()
	answers := make([]any, 0, len(requests))
	var opened []*subscription
	for i := range requests {
		answer, sub := s.call(&requests[i])
		if answer != nil {
			answers = append(answers, answer)
		}
		if sub != nil {
			opened = append(opened, sub)
		}
	}
	switch {
	case batch && len(answers) > 0:
		s.send(answers)
	case len(answers) == 1:
		s.send(answers[0])
	}
	s.first(opened)
}

func (s *socket) call(r *request) (any, *subscription) {
	if r.JSONRPC != version || r.Method == "" {
		return errorResponse{version, fail(codeInvalidRequest, "Invalid request"), json.RawMessage("null")}, nil
	}
	if r.ID == nil {
		return nil, nil
	}
	s.endpoint.count(r.Method)
	list, err := positional(r.Params)
	if err != nil {
		return errorResponse{version, asError(err), r.ID}, nil
	}
	if result, known, err := s.unsubscribe(r.Method, list); known {
		if err != nil {
			return errorResponse{version, asError(err), r.ID}, nil
		}
		return resultResponse{version, result, r.ID}, nil
	}
	sub, err := newSubscription(r.Method, list)
	if err != nil {
		return errorResponse{version, asError(err), r.ID}, nil
	}
	s.add(sub)
	return resultResponse{version, sub.id, r.ID}, sub
}
