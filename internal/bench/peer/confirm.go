package peer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/gagliardetto/solana-go"
	"github.com/gagliardetto/solana-go/rpc"
)

// blockHeightInterval is how often the script's library asks whether the blockhash is too old.
const blockHeightInterval = time.Second

// errExpired is the library's TransactionExpiredBlockheightExceededError.
var errExpired = errors.New("block height exceeded")

// confirm waits as the script's library does: a subscription, one look at the status in case it came before it, and the
// block height once a second.
func (w *Wire) confirm(ctx context.Context, sig solana.Signature, lastValid uint64) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	sub, err := w.ws.SignatureSubscribe(sig, rpc.CommitmentConfirmed)
	if err != nil {
		return fmt.Errorf("subscribe to %s: %w", sig, err)
	}
	defer sub.Unsubscribe()
	if got, err := w.rpc.GetSignatureStatuses(ctx, false, sig); err == nil && len(got.Value) == 1 && confirmed(got.Value[0]) {
		return failed(sig, got.Value[0].Err)
	}
	result := make(chan error, 1)
	go func() {
		got, err := sub.Recv(ctx)
		if err == nil {
			err = failed(sig, got.Value.Err)
		}
		result <- err
	}()
	ticker := time.NewTicker(blockHeightInterval)
	defer ticker.Stop()
	for {
		select {
		case err := <-result:
			return err
		case <-ticker.C:
			if height, err := w.rpc.GetBlockHeight(ctx, rpc.CommitmentConfirmed); err == nil && height > lastValid {
				return fmt.Errorf("%s: %w", sig, errExpired)
			}
		}
	}
}

func confirmed(s *rpc.SignatureStatusesResult) bool {
	return s != nil && (s.ConfirmationStatus == rpc.ConfirmationStatusConfirmed || s.ConfirmationStatus == rpc.ConfirmationStatusFinalized)
}

func failed(sig solana.Signature, result any) error {
	if result == nil {
		return nil
	}
	return fmt.Errorf("transaction %s failed: %v", sig, result)
}
