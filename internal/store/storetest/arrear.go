package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/domain"
	"github.com/meteora-fee-router/feeops/internal/store"
)

// arrear is one that waits; a nil amount is unknown.
func arrear(stream string, would *domain.Amount) domain.Arrear {
	return domain.Arrear{
		Vault: vault, Day: day, Stream: stream, Recipient: "r-" + stream, Reason: domain.ReasonQuarantined, Would: would,
		Token: domain.Token{Mint: "mint", Symbol: "USDC", Decimals: 6}, State: domain.ArrearOpen, Note: "it's \"closed\"\n",
	}
}

func arrears(t *testing.T, open func(*testing.T) *store.Store) {
	all, nothing := domain.Amount(most), domain.Amount(0)
	settle := func(stream string) store.Settlement {
		return store.Settlement{Vault: vault, Day: day, Stream: stream, Reason: "paid by hand", Actor: "ann", At: At(1)}
	}
	t.Run("a day saved twice is there once, and unknown is not nothing", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		list := []domain.Arrear{arrear("a", &all), arrear("b", nil), arrear("c", &nothing)}
		for range 2 {
			require.NoError(t, s.SaveArrears(ctx, vault, day, list))
		}
		got, err := s.Arrears(ctx, vault)
		require.NoError(t, err)
		require.Equal(t, list, got)
		got, err = s.Arrears(ctx, "")
		require.NoError(t, err)
		require.Equal(t, list, got)
		got, err = s.Arrears(ctx, "other")
		require.NoError(t, err)
		require.Empty(t, got)
	})
	t.Run("a repaired day drops who was paid after all, and no other day", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		other := arrear("a", nil)
		other.Day = "2026-02-28"
		require.NoError(t, s.SaveArrears(ctx, vault, other.Day, []domain.Arrear{other}))
		require.NoError(t, s.SaveArrears(ctx, vault, day, []domain.Arrear{arrear("a", nil), arrear("b", nil)}))
		require.NoError(t, s.SaveArrears(ctx, vault, day, []domain.Arrear{arrear("b", &all)}))
		got, err := s.Arrears(ctx, vault)
		require.NoError(t, err)
		require.Equal(t, []domain.Arrear{other, arrear("b", &all)}, got)
		require.NoError(t, s.SaveArrears(ctx, vault, day, nil))
		got, err = s.Arrears(ctx, vault)
		require.NoError(t, err)
		require.Equal(t, []domain.Arrear{other}, got)
	})
	t.Run("a test's finding stays when the day is saved again", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SaveArrears(ctx, vault, day, []domain.Arrear{arrear("a", nil)}))
		tested := arrear("a", nil)
		tested.State, tested.RetestedOn, tested.Retest = domain.ArrearEligible, "2026-03-02", "valid"
		gone := tested
		gone.Stream = "never saved"
		require.NoError(t, s.SaveRetests(ctx, []domain.Arrear{tested, gone}))
		require.NoError(t, s.SaveArrears(ctx, vault, day, []domain.Arrear{arrear("a", &all)}))
		tested.Would = &all
		got, err := s.Arrears(ctx, vault)
		require.NoError(t, err)
		require.Equal(t, []domain.Arrear{tested}, got)
	})
	t.Run("what was settled is settled once, audited, and never changed again", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		require.NoError(t, s.SaveArrears(ctx, vault, day, []domain.Arrear{arrear("a", &all), arrear("b", nil)}))
		settled, err := s.SettleArrear(ctx, settle("a"))
		require.NoError(t, err)
		require.Equal(t, domain.ArrearSettled, settled.State)
		require.Contains(t, settled.Note, "settled outside by ann on 2026-03-01: paid by hand")
		_, err = s.SettleArrear(ctx, settle("a"))
		require.ErrorIs(t, err, store.ErrSettled)
		require.ErrorContains(t, err, "by ann")
		_, err = s.SettleArrear(ctx, settle("c"))
		require.ErrorIs(t, err, store.ErrNotFound)

		again := arrear("a", &nothing)
		again.State = domain.ArrearEligible
		require.NoError(t, s.SaveRetests(ctx, []domain.Arrear{again}))
		require.NoError(t, s.SaveArrears(ctx, vault, day, []domain.Arrear{again}))
		require.NoError(t, s.SaveArrears(ctx, vault, day, nil))
		got, err := s.Arrears(ctx, vault)
		require.NoError(t, err)
		require.Equal(t, []domain.Arrear{settled}, got)

		log, err := s.AuditLog(ctx, 0, 10)
		require.NoError(t, err)
		require.Len(t, log, 1, "what was refused is not in the log")
		require.Equal(t, "catchup.settle", log[0].Action)
		require.Equal(t, vault, log[0].Subject)
		require.Equal(t, "day 2026-03-01, stream a, 18446744073709551615 base units of mint: paid by hand", log[0].Detail)
	})
	t.Run("what names nothing is refused", func(t *testing.T) {
		ctx, s := t.Context(), open(t)
		for name, spoil := range map[string]func(*domain.Arrear){
			"vault":  func(a *domain.Arrear) { a.Vault = "other" },
			"day":    func(a *domain.Arrear) { a.Day = "2026-03-02" },
			"stream": func(a *domain.Arrear) { a.Stream = "" },
			"reason": func(a *domain.Arrear) { a.Reason = "" },
			"state":  func(a *domain.Arrear) { a.State = "" },
		} {
			a := arrear("a", nil)
			spoil(&a)
			require.ErrorIs(t, s.SaveArrears(ctx, vault, day, []domain.Arrear{a}), store.ErrInvalid, name)
		}
		for name, spoil := range map[string]func(*store.Settlement){
			"reason": func(x *store.Settlement) { x.Reason = "" },
			"actor":  func(x *store.Settlement) { x.Actor = "" },
		} {
			x := settle("a")
			spoil(&x)
			_, err := s.SettleArrear(ctx, x)
			require.ErrorIs(t, err, store.ErrInvalid, name)
		}
	})
}
