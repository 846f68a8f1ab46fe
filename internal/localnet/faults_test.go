package localnet_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/meteora-fee-router/feeops/internal/localnet"
	"github.com/meteora-fee-router/feeops/internal/localnet/bank"
	"github.com/meteora-fee-router/feeops/internal/localnet/faults"
)

const getSlot = `{"jsonrpc":"2.0","id":1,"method":"getSlot","params":[{"commitment":"processed"}]}`

func TestFault_LostTransactionsAnswerAsIfSent(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	tests := []struct {
		name   string
		fault  localnet.Fault
		slots  int
		landed bool
	}{
		{"dropped", localnet.Fault{Name: faults.Drop, Count: 1}, 200, false},
		{"not yet", localnet.Fault{Name: faults.Late, Value: 5, Count: 1}, 5, false},
		{"late", localnet.Fault{Name: faults.Late, Value: 5, Count: 1}, 6, true},
		{"later than its blockhash lives", localnet.Fault{Name: faults.Late, Value: 160, Count: 1}, 200, false},
	}
	for i, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			n.SetFault(test.fault)
			sig := send(t, n, transfer(t, n, v.Payer, uint64(i)))
			n.Slots(test.slots)
			_, landed := n.Bank().Transaction(sig)
			require.Equal(t, test.landed, landed)
		})
	}
	healthy := send(t, n, transfer(t, n, v.Payer, 99))
	n.Slot()
	_, landed := n.Bank().Transaction(healthy)
	require.True(t, landed, "a fault with a count ends")
}

func TestFault_TimeoutAfterAcceptLandsAnyway(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	n.SetFault(localnet.Fault{Name: faults.TimeoutAfterAccept, Duration: time.Millisecond})
	tx := transfer(t, n, v.Payer, 1)
	response, _ := post(t, n.URL(), `{"jsonrpc":"2.0","id":1,"method":"sendTransaction","params":`+sendParams(t, tx, `"preflightCommitment":"processed"`)+`}`)
	require.Equal(t, http.StatusGatewayTimeout, response.StatusCode)
	n.Slot()
	_, landed := n.Bank().Transaction(tx.Signatures[0])
	require.True(t, landed)
}

func TestFault_HTTPFaultsShowOnTheWire(t *testing.T) {
	n := localnet.NewForTest(t)
	tests := []struct {
		text   string
		status int
		header string
	}{
		{"429=1000,value=3", http.StatusTooManyRequests, "3"},
		{"429=100%", http.StatusTooManyRequests, "1"},
		{"5xx=100%", http.StatusServiceUnavailable, ""},
		{"5xx=100%,value=502", http.StatusBadGateway, ""},
		{"hang=100%,for=1ms", http.StatusGatewayTimeout, ""},
		{"latency=1", http.StatusOK, ""},
		{"5xx=100%,method=getHealth", http.StatusOK, ""},
	}
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			n.ClearFaults()
			f, err := localnet.ParseFault(test.text)
			require.NoError(t, err)
			n.SetFault(f)
			response, _ := post(t, n.URL(), getSlot)
			require.Equal(t, test.status, response.StatusCode)
			require.Equal(t, test.header, response.Header.Get("Retry-After"))
		})
	}
}

func TestFault_HangLastsUntilTheClientGivesUp(t *testing.T) {
	n := localnet.NewForTest(t)
	n.SetFault(localnet.Fault{Name: faults.Hang})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, n.URL(), strings.NewReader(getSlot))
	require.NoError(t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err == nil {
		require.NoError(t, response.Body.Close())
	}
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestFault_StaleAndFrozenNodesSayThatTheyAreWell(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	n.Slots(100)
	stale, err := n.Endpoint(localnet.Fault{Name: faults.Stale, Value: 60})
	require.NoError(t, err)
	frozen, err := n.Endpoint(localnet.Fault{Name: faults.Frozen})
	require.NoError(t, err)
	before, _ := n.Bank().Account(v.Payer.PublicKey(), bank.Processed)
	sig := send(t, n, transfer(t, n, v.Payer, 1))
	n.Slots(50)

	slot := func(url string) uint64 { return result[uint64](t, url, "getSlot", `[{"commitment":"processed"}]`) }
	require.EqualValues(t, 150, slot(n.URL()))
	require.EqualValues(t, 90, slot(stale))
	require.EqualValues(t, 100, slot(frozen))
	for _, url := range []string{stale, frozen} {
		require.Equal(t, "ok", result[string](t, url, "getHealth", ""))
		balance := result[struct{ Value uint64 }](t, url, "getBalance", `["`+v.Payer.PublicKey().String()+`",{"commitment":"processed"}]`)
		require.Equal(t, before.Lamports, balance.Value, "the past is shown as it was")
		require.Nil(t, result[struct{ Value []any }](t, url, "getSignatureStatuses", `[["`+sig.String()+`"]]`).Value[0])
		require.Empty(t, result[[]any](t, url, "getSignaturesForAddress", `["`+v.Payer.PublicKey().String()+`"]`))
	}
	hash := result[struct {
		Value struct{ LastValidBlockHeight uint64 }
	}](t, stale, "getLatestBlockhash", `[{"commitment":"processed"}]`)
	require.EqualValues(t, 240, hash.Value.LastValidBlockHeight)
	n.Slots(60)
	require.EqualValues(t, 150, slot(stale))
	require.EqualValues(t, 100, slot(frozen))
	require.NotNil(t, result[struct{ Value []any }](t, stale, "getSignatureStatuses", `[["`+sig.String()+`"]]`).Value[0])
}

func TestFault_ANodeBehindSaysSo(t *testing.T) {
	n := localnet.NewForTest(t)
	n.SetFault(localnet.Fault{Name: faults.Behind, Value: 77})
	got := ask(t, n.URL(), "getHealth", "").Error
	require.Equal(t, -32005, got.Code)
	require.JSONEq(t, `{"numSlotsBehind":77}`, string(got.Data))
}

func TestFault_AnswersAreDamaged(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	sig := send(t, n, transfer(t, n, v.Payer, 1))
	n.Slots(40)
	params := `["` + sig.String() + `",{"maxSupportedTransactionVersion":0}]`
	type landed struct {
		BlockTime *int64
		Meta      struct{ LogMessages []string }
	}
	whole := result[landed](t, n.URL(), "getTransaction", params)
	require.NotNil(t, whole.BlockTime)

	n.SetFault(localnet.Fault{Name: faults.NullBlockTime})
	n.SetFault(localnet.Fault{Name: faults.TruncatedLogs})
	damaged := result[landed](t, n.URL(), "getTransaction", params)
	require.Nil(t, damaged.BlockTime)
	require.Equal(t, "Log truncated", damaged.Meta.LogMessages[len(damaged.Meta.LogMessages)-1])
	require.Nil(t, result[any](t, n.URL(), "getBlockTime", "[1]"))

	n.SetFault(localnet.Fault{Name: faults.TruncatedJSON, Count: 1})
	_, body := post(t, n.URL(), getSlot)
	require.False(t, json.Valid(body), "%s", body)
	_, body = post(t, n.URL(), getSlot)
	require.True(t, json.Valid(body), "%s", body)
}

func TestFault_RollbackTakesBackWhatWasConfirmed(t *testing.T) {
	n := localnet.NewForTest(t)
	v := vault(t, n, localnet.VaultSpec{})
	n.Slots(40)
	n.SetFault(localnet.Fault{Name: faults.Rollback, Value: 4, Count: 1})
	tx := transfer(t, n, v.Payer, 1)
	sig := send(t, n, tx)
	n.Slots(3)
	rec, landed := n.Bank().Transaction(sig)
	require.True(t, landed)
	require.LessOrEqual(t, rec.Slot, n.Bank().Slot(bank.Confirmed))
	n.Slot()
	_, landed = n.Bank().Transaction(sig)
	require.False(t, landed)
	require.Equal(t, -32007, ask(t, n.URL(), "getBlockTime", "[42]").Error.Code, "its slot is gone")

	again := send(t, n, tx)
	n.Slots(40)
	_, landed = n.Bank().Transaction(again)
	require.True(t, landed, "the same bytes may land on the new fork, and the fault strikes once")
}

func TestFault_EndpointsFailOnTheirOwn(t *testing.T) {
	n := localnet.NewForTest(t)
	bad, err := n.Endpoint(localnet.Fault{Name: faults.ServerError})
	require.NoError(t, err)
	response, _ := post(t, bad, getSlot)
	require.Equal(t, http.StatusServiceUnavailable, response.StatusCode)
	for range 3 {
		response, _ = post(t, n.URL(), getSlot)
		require.Equal(t, http.StatusOK, response.StatusCode)
	}
	require.EqualValues(t, 3, n.RequestsFor(n.URL())["getSlot"])
	_, err = n.Endpoint(localnet.Fault{Name: "nonsense"})
	require.ErrorContains(t, err, "unknown fault")
}
