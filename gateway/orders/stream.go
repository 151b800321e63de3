package orders

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Stream reads a Redis stream for a consumer group: either end of the wire. All replicas of a
// group read as one consumer, so none of them leaves its name behind, and each entry goes to
// one of them. All fields are needed.
type Stream struct {
	Client     redis.UniversalClient
	Key, Group string
	// Block is how long a read waits, Again after how long an entry comes again that was
	// not acknowledged, and Retry how long to wait after Redis failed.
	Block, Again, Retry time.Duration
	Logger              *slog.Logger
}

// batch is how many entries are read at once.
const batch = 32

// Each calls deal for each entry, and again for those that it does not acknowledge, until
// the context ends. An error of deal is one of Redis: then it waits, says so in the log, and
// goes on. The group begins with the oldest entry; one that Redis has lost is made again.
func (s Stream) Each(ctx context.Context, deal func(context.Context, redis.XMessage) error) error {
	for ctx.Err() == nil {
		err := s.round(ctx, deal)
		if err == nil || ctx.Err() != nil {
			continue
		}
		s.Logger.WarnContext(ctx, "a stream could not be read", "stream", s.Key, "retry_ms", s.Retry.Milliseconds(), "error", plainly(err))
		Pause(ctx, s.Retry)
	}
	return nil
}

// Pause waits, or until the context ends.
func Pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// round deals with what was left for a while, and then with what is new.
func (s Stream) round(ctx context.Context, deal func(context.Context, redis.XMessage) error) error {
	left, _, err := s.Client.XAutoClaim(ctx, &redis.XAutoClaimArgs{
		Stream: s.Key, Group: s.Group, Consumer: s.Group, MinIdle: s.Again, Start: "0-0", Count: batch,
	}).Result()
	if missingGroup(err) {
		return s.found(ctx)
	}
	if err != nil {
		return err
	}
	if err := each(ctx, left, deal); err != nil {
		return err
	}
	fresh, err := s.Client.XReadGroup(ctx, &redis.XReadGroupArgs{
		Group: s.Group, Consumer: s.Group, Streams: []string{s.Key, ">"}, Count: batch, Block: s.Block,
	}).Result()
	switch {
	case errors.Is(err, redis.Nil):
		return nil
	case missingGroup(err):
		return s.found(ctx)
	case err != nil:
		return err
	}
	for _, stream := range fresh {
		if err := each(ctx, stream.Messages, deal); err != nil {
			return err
		}
	}
	return nil
}

func each(ctx context.Context, entries []redis.XMessage, deal func(context.Context, redis.XMessage) error) error {
	for i := 0; i < len(entries) && ctx.Err() == nil; i++ {
		if err := deal(ctx, entries[i]); err != nil {
			return err
		}
	}
	return nil
}

func missingGroup(err error) bool { return err != nil && strings.HasPrefix(err.Error(), "NOGROUP") }

// found makes the group.
func (s Stream) found(ctx context.Context) error {
	err := s.Client.XGroupCreateMkStream(ctx, s.Key, s.Group, "0").Err()
	if err != nil && strings.HasPrefix(err.Error(), "BUSYGROUP") {
		return nil // another replica was quicker
	}
	return err
}
