package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"
)

// heartbeatEvery lets three beats fit into the profiles' heartbeat timeout, so that a killed worker's page is taken
// over within that time and a slow one's is not.
const heartbeatEvery = 4 * time.Second

// heartbeat tells Temporal that the activity's process lives, until the returned function is called. How long the work
// itself may take is bounded by the profile's start-to-close timeout.
func heartbeat(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	activity.RecordHeartbeat(ctx)
	ticker := time.NewTicker(heartbeatEvery)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				activity.RecordHeartbeat(ctx)
			}
		}
	}()
	return func() {
		ticker.Stop()
		cancel()
		<-done
	}
}
