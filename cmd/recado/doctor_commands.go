package main

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway/orders"
)

// slowShop is after how long a command without a receipt is worth a look: its customer has
// heard by then that it takes longer.
const slowShop = 2 * time.Minute

// commands looks at the streams between Recado and the shop's system.
func (d *doctor) commands(ctx context.Context) finding {
	switch {
	case d.settings.Actions == "":
		return ok("RECADO_ACTIONS is empty: people do what customers want done.")
	case d.settings.RedisURL == "":
		return warn("Set REDIS_URL to a Redis that the shop's system reads, or leave RECADO_ACTIONS empty.",
			"Commands go to a Redis within the gateway, which no other program reads: nothing that customers confirm is done.")
	}
	options, err := redis.ParseURL(d.settings.RedisURL)
	if err != nil {
		return fail("Write it like redis://host:6379/0.", "REDIS_URL can't be read.") // unreachable: the settings were checked
	}
	options.ContextTimeoutEnabled, options.MaxRetries = true, -1
	client := redis.NewClient(options)
	defer client.Close()
	wire, err := orders.NewWire(orders.WireConfig{Client: client})
	if err != nil {
		return fail("", "The streams can't be looked at.") // unreachable: there is a client
	}
	b, err := wire.Backlog(ctx)
	if err != nil {
		return fail("See the line on Redis. Until then nothing that customers confirm is passed on.", "The streams of commands and receipts can't be read.")
	}
	return readBacklog(b, d.now())
}

// readBacklog says what waits on the streams.
func readBacklog(b orders.Backlog, now time.Time) finding {
	f := ok("Every command has its receipt.")
	if b.Commands > 0 {
		age := max(now.Sub(b.Oldest), 0).Round(time.Second)
		said := count(int(b.Commands), "command waits", "commands wait")
		if f = ok("%s for the shop's system, the oldest for %s.", said, age); age > slowShop {
			f = warn("See whether the shop's system runs and reads the stream recado:commands; their customers were told that it takes longer.",
				"%s for the shop's system, the oldest for %s.", said, age)
		}
	}
	if b.Receipts > 0 {
		f = f.worse(warn("See whether a gateway runs: it takes receipts at once.", "%s for the gateway.", count(int(b.Receipts), "receipt waits", "receipts wait")))
	}
	if b.Dead > 0 {
		f = f.worse(warn("Read why in the stream recado:receipts:dead, mend the shop's system, and delete them there.",
			"%s.", count(int(b.Dead), "receipt could not be used", "receipts could not be used")))
	}
	return f
}
