package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

const deliveryKey = "alpha/distribution_stuck/2026-03-01"

func claim(seq, seconds int) domain.DeliveryClaim {
	return domain.DeliveryClaim{Key: deliveryKey, Seq: seq, Channel: "slack", Now: At(seconds), Lease: 10 * time.Second}
}

// ended is how an attempt of the grant ended.
func ended(g domain.DeliveryGrant, state domain.DeliveryState, seconds int) domain.Delivery {
	d := g.Delivery
	d.State, d.UpdatedAt, d.Uncertain = state, At(seconds), g.Repeat
	if state == domain.DeliveryDelivered {
		d.Ref, d.Uncertain = "C1/"+At(seconds).Format("05"), false
	}
	return d
}

func deliveries(t *testing.T, open func(*testing.T) *store.Store) {
	granted := func(t *testing.T, s *store.Store, seq, seconds int) domain.DeliveryGrant {
		t.Helper()
		g, err := s.ClaimDelivery(t.Context(), claim(seq, seconds))
		require.NoError(t, err)
		require.True(t, g.Granted, "%+v", g)
		return g
	}
	t.Run("a message is delivered once, and the next one knows where", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		g := granted(t, s, 1, 1)
		require.False(t, g.Repeat)
		require.Empty(t, g.Before)
		require.Equal(t, domain.DeliverySending, g.Delivery.State)
		done := ended(g, domain.DeliveryDelivered, 2)
		require.NoError(t, s.SettleDelivery(ctx, done))
		again, err := s.ClaimDelivery(ctx, claim(1, 3))
		require.NoError(t, err)
		require.False(t, again.Granted)
		require.Equal(t, done, again.Delivery)
		next := granted(t, s, 2, 4)
		require.Equal(t, "C1/02", next.Before)
		all, err := s.Deliveries(ctx, deliveryKey)
		require.NoError(t, err)
		require.Equal(t, []domain.Delivery{done, next.Delivery}, all)
		since, err := s.DeliveriesSince(ctx, At(3))
		require.NoError(t, err)
		require.Equal(t, []domain.Delivery{next.Delivery}, since)
		other := claim(1, 5)
		other.Channel = "pagerduty"
		g, err = s.ClaimDelivery(ctx, other)
		require.NoError(t, err)
		require.True(t, g.Granted, "another channel knows nothing of it")
		require.Empty(t, g.Before)
	})
	t.Run("an attempt whose end is not known is repeated with a warning, and not before its lease is over", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		granted(t, s, 1, 1)
		busy, err := s.ClaimDelivery(ctx, claim(1, 5))
		require.NoError(t, err)
		require.False(t, busy.Granted)
		require.Equal(t, At(11), busy.BusyUntil)
		busy, err = s.ClaimDelivery(ctx, claim(2, 5))
		require.NoError(t, err)
		require.False(t, busy.Granted, "the next message of the key waits, so that it can find the first one's place")
		g := granted(t, s, 1, 11)
		require.True(t, g.Repeat)
		require.Equal(t, 2, g.Delivery.Attempts)
		back := claim(1, 0)
		back.Now = back.Now.Add(-time.Hour)
		g, err = s.ClaimDelivery(ctx, back)
		require.NoError(t, err)
		require.True(t, g.Granted, "a clock that was set back silences nobody for an hour")
	})
	t.Run("a failure after which nothing can have happened needs no warning, but an earlier doubt stays", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SettleDelivery(ctx, ended(granted(t, s, 1, 1), domain.DeliveryWaiting, 2)))
		g := granted(t, s, 1, 3)
		require.False(t, g.Repeat)
		lost := ended(g, domain.DeliveryWaiting, 4)
		lost.Uncertain, lost.Code, lost.Error = true, "slack/timeout", "no reply"
		require.NoError(t, s.SettleDelivery(ctx, lost))
		g = granted(t, s, 1, 5)
		require.True(t, g.Repeat)
		require.NoError(t, s.SettleDelivery(ctx, ended(g, domain.DeliveryFailed, 6)))
		require.True(t, granted(t, s, 1, 7).Repeat, "failed for good may be tried again when people have mended it")
	})
	t.Run("what a later message has overtaken is not told any more", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SettleDelivery(ctx, ended(granted(t, s, 1, 1), domain.DeliveryWaiting, 2)))
		require.NoError(t, s.SettleDelivery(ctx, ended(granted(t, s, 2, 3), domain.DeliveryDelivered, 4)))
		late, err := s.ClaimDelivery(ctx, claim(1, 5))
		require.NoError(t, err)
		require.False(t, late.Granted)
		require.Equal(t, domain.DeliverySuperseded, late.Delivery.State)
		all, err := s.Deliveries(ctx, deliveryKey)
		require.NoError(t, err)
		require.Equal(t, late.Delivery, all[0])
		entry := claim(1, 6)
		entry.AnyAge = true
		g, err := s.ClaimDelivery(ctx, entry)
		require.NoError(t, err)
		require.True(t, g.Granted, "an entry of a timeline is never out of date")
	})
	t.Run("a slow attempt cannot take back what another has delivered", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		slow := granted(t, s, 1, 1)
		quick := granted(t, s, 1, 12)
		require.NoError(t, s.SettleDelivery(ctx, ended(slow, domain.DeliveryFailed, 13)))
		all, err := s.Deliveries(ctx, deliveryKey)
		require.NoError(t, err)
		require.Equal(t, domain.DeliverySending, all[0].State, "overtaken: its failure says nothing")
		require.NoError(t, s.SettleDelivery(ctx, ended(quick, domain.DeliveryDelivered, 14)))
		require.NoError(t, s.SettleDelivery(ctx, ended(slow, domain.DeliveryDelivered, 15)))
		all, err = s.Deliveries(ctx, deliveryKey)
		require.NoError(t, err)
		require.Equal(t, "C1/14", all[0].Ref)
		slow = granted(t, s, 2, 20)
		granted(t, s, 2, 31)
		require.NoError(t, s.SettleDelivery(ctx, ended(slow, domain.DeliveryDelivered, 32)))
		all, err = s.Deliveries(ctx, deliveryKey)
		require.NoError(t, err)
		require.Equal(t, domain.DeliveryDelivered, all[1].State, "overtaken, but it was delivered")
	})
	t.Run("two workers get one grant", func(t *testing.T) {
		ctx, handles := t.Context(), []*store.Store{open(t), open(t)}
		var group sync.WaitGroup
		var got [12]domain.DeliveryGrant
		var errs [12]error
		for i := range got {
			group.Go(func() { got[i], errs[i] = handles[i%2].ClaimDelivery(ctx, claim(1, 1)) })
		}
		group.Wait()
		grants := 0
		for i := range got {
			require.NoError(t, errs[i])
			if got[i].Granted {
				grants++
			}
		}
		require.Equal(t, 1, grants)
	})
	t.Run("what names nothing is refused", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for name, spoil := range map[string]func(*domain.DeliveryClaim){
			"key": func(c *domain.DeliveryClaim) { c.Key = "" }, "channel": func(c *domain.DeliveryClaim) { c.Channel = "" },
			"time": func(c *domain.DeliveryClaim) { c.Now = time.Time{} }, "lease": func(c *domain.DeliveryClaim) { c.Lease = 0 }, "seq": func(c *domain.DeliveryClaim) { c.Seq = -1 },
		} {
			c := claim(1, 1)
			spoil(&c)
			_, err := s.ClaimDelivery(ctx, c)
			require.ErrorIs(t, err, store.ErrInvalid, name)
		}
		for name, spoil := range map[string]func(*domain.Delivery){
			"key": func(d *domain.Delivery) { d.Key = "" }, "channel": func(d *domain.Delivery) { d.Channel = "" },
			"state": func(d *domain.Delivery) { d.State = "" }, "no end": func(d *domain.Delivery) { d.State = domain.DeliverySending }, "time": func(d *domain.Delivery) { d.UpdatedAt = time.Time{} },
		} {
			d := domain.Delivery{Key: deliveryKey, Seq: 1, Channel: "slack", State: domain.DeliveryFailed, UpdatedAt: At(1), BeganAt: At(1)}
			spoil(&d)
			require.ErrorIs(t, s.SettleDelivery(ctx, d), store.ErrInvalid, name)
		}
	})
}
