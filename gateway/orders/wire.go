package orders

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"time"
	"unicode"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag/action"
)

// WireConfig is what a Wire is made of. Only Client is needed.
type WireConfig struct {
	Client redis.UniversalClient
	// Prefix of all keys, "recado:" by default.
	Prefix string
	// Group is Recado's consumer group of the receipts, "recado" by default. All replicas
	// share it, and each receipt goes to one of them.
	Group string
	// Keep is about how many commands the stream holds at most, 100,000 by default. One
	// leaves it when its receipt was taken.
	Keep int64
	// Remember is for how long a command's id is known, so that publishing it again does
	// nothing; 7 days by default.
	Remember time.Duration
	// Block is how long a read waits for receipts, 1 s by default.
	Block time.Duration
	// Again is after how long a receipt comes again that nobody has taken, 15 s by default.
	Again time.Duration
	// Retry is how long Receipts waits after Redis failed, 1 s by default.
	Retry time.Duration
	// Logger defaults to discarding everything.
	Logger *slog.Logger
}

// Wire carries commands to the shop's system and its receipts back, over two streams in
// Redis. It keeps nothing by itself and is safe for concurrent use. docs/orders.md says what
// the shop's end has to do.
type Wire struct {
	config  WireConfig
	publish *redis.Script
	settle  *redis.Script
}

// NewWire checks the configuration and fills the defaults.
func NewWire(c WireConfig) (*Wire, error) {
	if c.Client == nil {
		return nil, errors.New("orders: Client is needed")
	}
	if c.Keep < 0 || c.Remember < 0 || c.Block < 0 || c.Again < 0 || c.Retry < 0 {
		return nil, errors.New("orders: no setting of a Wire can be negative")
	}
	c.Prefix = cmp.Or(c.Prefix, "recado:")
	c.Group = cmp.Or(c.Group, "recado")
	c.Keep = cmp.Or(c.Keep, 100_000)
	c.Remember = cmp.Or(c.Remember, 7*24*time.Hour)
	c.Block = cmp.Or(c.Block, time.Second)
	c.Again = cmp.Or(c.Again, 15*time.Second)
	c.Retry = cmp.Or(c.Retry, time.Second)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return &Wire{config: c, publish: redis.NewScript(publishScript), settle: redis.NewScript(settleScript)}, nil
}

// publishScript adds a command unless its id is known. KEYS are the marker and the stream;
// ARGV is the length of the stream, the life of the marker in milliseconds, then the fields.
// The marker holds the entry's id. If the stream lost the entry, which happens when somebody
// deletes it, the marker counts no more.
const publishScript = `
local known = redis.call('GET', KEYS[1])
if known and known ~= 'settled' and #redis.call('XRANGE', KEYS[2], known, known) > 0 then return 0 end
if known == 'settled' then return 0 end
local id = redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[1], '*', unpack(ARGV, 3))
redis.call('SET', KEYS[1], id, 'PX', ARGV[2])
return 1`

// settleScript takes a receipt that was dealt with out of its stream, and its command out of
// the other one: nobody has to read a one-time code or an address there once it has served.
// KEYS are the receipts, the marker of the command and the commands; ARGV is the group, the
// receipt's entry, and the life of the marker in milliseconds.
const settleScript = `
redis.call('XACK', KEYS[1], ARGV[1], ARGV[2])
redis.call('XDEL', KEYS[1], ARGV[2])
local entry = redis.call('GET', KEYS[2])
if entry and entry ~= 'settled' then
  redis.call('XDEL', KEYS[3], entry)
  redis.call('SET', KEYS[2], 'settled', 'PX', ARGV[3])
end
return 1`

func (w *Wire) commands() string         { return w.config.Prefix + "commands" }
func (w *Wire) receipts() string         { return w.config.Prefix + "receipts" }
func (w *Wire) dead() string             { return w.config.Prefix + "receipts:dead" }
func (w *Wire) marker(id string) string  { return w.config.Prefix + "command:" + id }
func milliseconds(d time.Duration) int64 { return max(1, d.Milliseconds()) }

// Publish implements gateway.Wire.
func (w *Wire) Publish(ctx context.Context, c gateway.Command) error {
	body, err := EncodeCommand(c)
	if err != nil {
		return fmt.Errorf("publish a command: %w", err)
	}
	_, err = w.publish.Run(ctx, w.config.Client, []string{w.marker(c.ID), w.commands()},
		w.config.Keep, milliseconds(w.config.Remember), "id", c.ID, "kind", string(c.Call.Kind), "command", body).Result()
	if err != nil {
		return fmt.Errorf("publish a command: %w", plainly(err))
	}
	return nil
}

// plainly leaves of what Redis answers its code alone: the rest may repeat a value.
func plainly(err error) error {
	if said, ok := errors.AsType[redis.Error](err); ok {
		code, _, _ := strings.Cut(said.Error(), " ")
		return fmt.Errorf("redis refused with %s", code)
	}
	return err
}

// Receipts implements gateway.Wire. It ends with the context and gives nil then; while Redis
// is away it waits and says so in the log.
func (w *Wire) Receipts(ctx context.Context, take func(context.Context, action.Receipt) error) error {
	stream := Stream{
		Client: w.config.Client, Key: w.receipts(), Group: w.config.Group,
		Block: w.config.Block, Again: w.config.Again, Retry: w.config.Retry, Logger: w.config.Logger,
	}
	return stream.Each(ctx, func(ctx context.Context, e redis.XMessage) error {
		receipt, wrong := DecodeReceipt(e.Values)
		if wrong == nil {
			wrong = take(ctx, receipt)
		} else {
			wrong = unusable{wrong}
		}
		return w.end(ctx, e, receipt, wrong)
	})
}

// unusable is what is wrong with a receipt that no other attempt can use either.
type unusable struct{ error }

// settleTimeout is how long taking a receipt off the stream may take when Recado stops.
const settleTimeout = 2 * time.Second

// end takes a receipt off the stream, or leaves it there to come again. What was taken is
// taken off although Recado stops meanwhile.
func (w *Wire) end(ctx context.Context, e redis.XMessage, r action.Receipt, wrong error) error {
	never, is := errors.AsType[unusable](wrong)
	if wrong != nil && !is && !errors.Is(wrong, gateway.ErrNotFound) {
		w.config.Logger.WarnContext(ctx, "a receipt could not be taken and comes again", "entry", e.ID)
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	switch {
	case is:
		return w.bury(ctx, e, never.Error())
	case wrong != nil:
		return w.bury(ctx, e, "it is of no command")
	}
	return w.settle.Run(ctx, w.config.Client, []string{w.receipts(), w.marker(r.CommandID), w.commands()},
		w.config.Group, e.ID, milliseconds(w.config.Remember)).Err()
}

// maxDead is about how many receipts that can't be used are kept for a look.
const maxDead = 1000

// bury puts a receipt aside that no attempt could use.
func (w *Wire) bury(ctx context.Context, e redis.XMessage, why string) error {
	values := map[string]any{"entry": e.ID, "why": why}
	for key, value := range e.Values {
		values["receipt:"+key] = value
	}
	_, err := w.config.Client.TxPipelined(ctx, func(p redis.Pipeliner) error {
		p.XAdd(ctx, &redis.XAddArgs{Stream: w.dead(), MaxLen: maxDead, Approx: true, Values: values})
		p.XAck(ctx, w.receipts(), w.config.Group, e.ID)
		p.XDel(ctx, w.receipts(), e.ID)
		return nil
	})
	if err != nil {
		return err
	}
	w.config.Logger.ErrorContext(ctx, "a receipt can't be used and was put aside", "entry", e.ID, "stream", w.dead(), "why", why)
	return nil
}

// Backlog is how much waits on the wire.
type Backlog struct {
	// Commands are those without a receipt, and Oldest is when the first of them was
	// published, or zero.
	Commands int64
	Oldest   time.Time
	// Receipts are those that were not taken yet, and Dead those that can't be used.
	Receipts, Dead int64
}

// Backlog looks at the streams.
func (w *Wire) Backlog(ctx context.Context) (Backlog, error) {
	var commands, receipts, dead *redis.IntCmd
	var first *redis.XMessageSliceCmd
	_, err := w.config.Client.Pipelined(ctx, func(p redis.Pipeliner) error {
		commands, receipts, dead = p.XLen(ctx, w.commands()), p.XLen(ctx, w.receipts()), p.XLen(ctx, w.dead())
		first = p.XRangeN(ctx, w.commands(), "-", "+", 1)
		return nil
	})
	if err != nil {
		return Backlog{}, fmt.Errorf("look at the commands: %w", plainly(err))
	}
	b := Backlog{Commands: commands.Val(), Receipts: receipts.Val(), Dead: dead.Val()}
	for _, e := range first.Val() {
		var at int64
		if _, err := fmt.Sscanf(e.ID, "%d-", &at); err == nil {
			b.Oldest = time.UnixMilli(at).UTC()
		}
	}
	return b, nil
}

// wired is a command as it is written on the stream.
type wired struct {
	ID      string      `json:"id"`
	Kind    action.Kind `json:"kind"`
	Order   string      `json:"order,omitempty"`
	Items   []string    `json:"items,omitempty"`
	Address string      `json:"address,omitempty"`
	Reason  string      `json:"reason,omitempty"`
	// Version is the hash of the order's document that the customer said yes to.
	Version  string           `json:"version,omitempty"`
	Customer gateway.Identity `json:"customer"`
	Level    string           `json:"level"`
	Code     string           `json:"code,omitempty"`
	At       time.Time        `json:"at"`
	Deadline time.Time        `json:"deadline"`
}

// EncodeCommand writes a command as docs/orders.md describes it.
func EncodeCommand(c gateway.Command) ([]byte, error) {
	if c.ID == "" || c.Call.Kind == "" {
		return nil, errors.New("a command needs an id and a kind")
	}
	return json.Marshal(wired{
		ID: c.ID, Kind: c.Call.Kind, Order: c.Call.Order, Items: c.Call.Items, Address: c.Call.Address, Reason: c.Call.Reason,
		Version: c.Version, Customer: c.Customer, Level: action.LevelName(c.Level), Code: c.Secret,
		At: c.CreatedAt.UTC(), Deadline: c.Deadline.UTC(),
	})
}

// DecodeCommand reads an entry of the commands. The error repeats nothing of it.
func DecodeCommand(values map[string]any) (gateway.Command, error) {
	text, ok := values["command"].(string)
	var w wired
	if !ok || json.Unmarshal([]byte(text), &w) != nil {
		return gateway.Command{}, errors.New("the entry holds no command")
	}
	level, ok := action.ParseLevel(w.Level)
	if spec, known := action.Find(w.Kind); !ok || !known || !spec.Write || w.ID == "" || len(w.ID) > maxName {
		return gateway.Command{}, errors.New("the command has no id, or a kind or level that is not known")
	}
	return gateway.Command{
		ID: w.ID, Customer: w.Customer, Version: w.Version, Level: level, Secret: w.Code, CreatedAt: w.At, Deadline: w.Deadline,
		Call: action.Call{Kind: w.Kind, Order: w.Order, Items: w.Items, Address: w.Address, Reason: w.Reason},
	}, nil
}

// EncodeReceipt writes the fields of a receipt's entry.
func EncodeReceipt(r action.Receipt) (map[string]any, error) {
	body, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	return map[string]any{"receipt": string(body)}, nil
}

// The limits of a receipt. Its texts are repeated to a customer.
const (
	maxReceipt = 16 << 10
	maxName    = 128
	maxFactLen = 500
	maxToldOf  = 20
)

// word is how the names of facts and the reasons are written.
var word = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// DecodeReceipt reads an entry of the receipts. The error says what is wrong and repeats
// nothing of it.
func DecodeReceipt(values map[string]any) (action.Receipt, error) {
	text, ok := values["receipt"].(string)
	var r action.Receipt
	switch {
	case !ok:
		return r, errors.New("the entry has no field receipt")
	case len(text) > maxReceipt:
		return r, fmt.Errorf("it is larger than %d KB", maxReceipt>>10)
	case json.Unmarshal([]byte(text), &r) != nil:
		return r, errors.New("it is not JSON as documented")
	}
	return r, checkReceipt(r)
}

func checkReceipt(r action.Receipt) error {
	spec, known := action.Find(r.Kind)
	switch {
	case r.ID == "" || len(r.ID) > maxName:
		return errors.New("id is missing or too long")
	case r.CommandID == "" || len(r.CommandID) > maxName:
		return errors.New("command_id is missing or too long")
	case !known || !spec.Write:
		return errors.New("kind is no action that changes something")
	case r.Outcome != action.Done && r.Outcome != action.Refused && r.Outcome != action.Failed:
		return errors.New("outcome is not done, refused or failed")
	case len(r.Order) > maxNumber || len(r.Reference) > maxName:
		return errors.New("order or reference is too long")
	case r.Reason != "" && !word.MatchString(r.Reason):
		return errors.New("reason is not a word such as status")
	case len(r.Facts) > maxToldOf:
		return fmt.Errorf("there are more than %d facts", maxToldOf)
	case r.At.IsZero():
		return errors.New("at is missing")
	}
	for name, text := range r.Facts {
		if !word.MatchString(name) || len(text) > maxFactLen || strings.ContainsFunc(text, unicode.IsControl) {
			return fmt.Errorf("a fact has a name that is no word, or a text that is longer than %d bytes or over several lines", maxFactLen)
		}
	}
	return nil
}
