package chain

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
)

const (
	socketTimeout = 3 * time.Second  // For dialling and for one write.
	socketRest    = 10 * time.Second // After a failed dial or a cut, polling alone must do for a while.
	maxNotice     = 1 << 20
)

// Watch wakes its caller when an endpoint says by WebSocket that a signature has reached a commitment. It only makes
// things faster: the channel may never fire, and what it says must be read again by Statuses. stop must be called.
// Without a WebSocket address, or while the connection is down, the channel is nil and polling does everything.
func (p *Pool) Watch(ctx context.Context, sig solana.Signature, c rpc.CommitmentType) (woken <-chan struct{}, stop func()) {
	for _, e := range p.usable() {
		if e.WSURL == "" {
			continue
		}
		ch, stop, err := e.socket.subscribe(ctx, e.WSURL, sig, c, p.o.Now)
		if err != nil {
			p.o.Logger.Debug("no websocket, polling instead", "endpoint", e.Name, "error", err)
			continue
		}
		return ch, stop
	}
	return nil, func() {}
}

// socket is one connection per endpoint, shared by all watched signatures. solana-go's client is not used: it reserves
// some 5 MB of channel buffer for every subscription and closes channels that it may still write to.
type socket struct {
	mu        sync.Mutex
	conn      *websocket.Conn
	cancel    context.CancelFunc
	nextID    uint64
	byRequest map[uint64]chan struct{}
	byID      map[uint64]chan struct{}
	requestOf map[uint64]uint64 // Subscription id by request id, to take it back.
	rest      rest
}

func (s *socket) subscribe(ctx context.Context, url string, sig solana.Signature, c rpc.CommitmentType, clock func() time.Time) (<-chan struct{}, func(), error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := clock()
	if err := s.connect(ctx, url, now); err != nil {
		return nil, nil, err
	}
	s.nextID++
	id, ch := s.nextID, make(chan struct{})
	s.byRequest[id] = ch
	count(ctx)
	err := s.write(ctx, id, "signatureSubscribe", sig.String(), map[string]any{"commitment": string(c)})
	if err != nil {
		s.drop(now)
		return nil, nil, err
	}
	return ch, func() { s.forget(id, clock().Sub(now) > socketTimeout) }, nil
}

func (s *socket) connect(ctx context.Context, url string, now time.Time) error {
	if s.conn != nil {
		return nil
	}
	if left := s.rest.left(now); left > 0 {
		return fmt.Errorf("websocket rests for %s", left.Round(time.Second))
	}
	dial, cancel := context.WithTimeout(ctx, socketTimeout)
	defer cancel()
	conn, _, err := websocket.Dial(dial, url, nil)
	if err != nil {
		s.rest = rest{now, socketRest}
		return fmt.Errorf("websocket: the connection failed")
	}
	conn.SetReadLimit(maxNotice)
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	s.conn, s.cancel = conn, end
	s.byRequest, s.byID, s.requestOf = map[uint64]chan struct{}{}, map[uint64]chan struct{}{}, map[uint64]uint64{}
	go s.listen(life, conn)
	return nil
}

func (s *socket) write(ctx context.Context, id uint64, method string, params ...any) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), socketTimeout)
	defer cancel()
	return wsjson.Write(ctx, s.conn, map[string]any{"jsonrpc": "2.0", "id": id, "method": method, "params": params})
}

// listen ends with the connection. A cut wakes all waiters: they poll and find out for themselves.
func (s *socket) listen(ctx context.Context, conn *websocket.Conn) {
	for {
		var msg struct {
			ID     *uint64         `json:"id"`
			Result json.RawMessage `json:"result"`
			Params struct {
				Subscription uint64 `json:"subscription"`
			} `json:"params"`
		}
		_, data, err := conn.Read(ctx)
		if err != nil {
			s.mu.Lock()
			if s.conn == conn {
				s.drop(time.Time{})
			}
			s.mu.Unlock()
			return
		}
		if json.Unmarshal(data, &msg) != nil {
			continue
		}
		s.mu.Lock()
		if msg.ID != nil {
			var sub uint64
			if ch, ok := s.byRequest[*msg.ID]; ok && json.Unmarshal(msg.Result, &sub) == nil {
				s.byID[sub], s.requestOf[*msg.ID] = ch, sub
			}
		} else if ch, ok := s.byID[msg.Params.Subscription]; ok {
			wake(ch)
		}
		s.mu.Unlock()
	}
}

func wake(ch chan struct{}) {
	select {
	case <-ch:
	default:
		close(ch)
	}
}

// forget takes a subscription back. A node ends it by itself once it has fired; asking again does no harm. One that was
// not even acknowledged in all that time shows a connection that is dead without a word: the next one dials anew.
func (s *socket) forget(id uint64, long bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	ch, ok := s.byRequest[id]
	if !ok {
		return
	}
	fired := false
	select {
	case <-ch:
		fired = true
	default:
	}
	if sub, known := s.requestOf[id]; known {
		if !fired && s.conn != nil {
			s.nextID++
			_ = s.write(context.Background(), s.nextID, "signatureUnsubscribe", sub) // A cut shows in listen.
		}
		delete(s.byID, sub)
		delete(s.requestOf, id)
	} else if long && !fired {
		s.drop(time.Time{})
		return
	}
	delete(s.byRequest, id)
}

// drop ends the connection and wakes everybody. It is called with the lock held.
func (s *socket) drop(now time.Time) {
	if s.conn == nil {
		return
	}
	s.cancel()
	_ = s.conn.CloseNow()
	for _, ch := range s.byRequest {
		wake(ch)
	}
	s.conn, s.byRequest, s.byID, s.requestOf = nil, nil, nil, nil
	if !now.IsZero() {
		s.rest = rest{now, socketRest}
	}
}

func (s *socket) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.drop(time.Time{})
}
