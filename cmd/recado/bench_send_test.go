package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/ratelimit"
	"github.com/recado/recado/gateway/whatsapp"
	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

// perCustomer is how many messages one customer gets: what the channel allows at once.
const perCustomer = 40

// BenchmarkSend measures the way out: messages in the outbox of the store, the limits
// in Redis, HTTP to the emulated Cloud API, which holds the same limits and refuses what
// is too much, and the statuses that come back as signed webhooks. "of_limit" is the
// rate over the number's limit; a message that the channel refused for its limits fails
// the benchmark.
func BenchmarkSend(b *testing.B) {
	for _, backend := range []struct {
		name string
		open func(*testing.B) (gateway.Store, floor)
	}{{"sqlite", benchSQLite}, {"postgres", benchPostgres}} {
		for _, rate := range []int{80, 1000} {
			b.Run(fmt.Sprintf("%s/limit=%d", backend.name, rate), func(b *testing.B) {
				store, _ := backend.open(b)
				benchSend(b, store, rate)
			})
		}
	}
}

// countingSender counts what the channel refused for its limits, and what it took.
type countingSender struct {
	*whatsapp.Client
	taken, tooFast, tooMany atomic.Int64
}

func (s *countingSender) Send(ctx context.Context, o *gateway.Outgoing) (gateway.SendResult, error) {
	r, err := s.Client.Send(ctx, o)
	switch {
	case r.Outcome == gateway.SendAccepted:
		s.taken.Add(1)
	case r.Error != nil && r.Error.Code == 130429:
		s.tooFast.Add(1)
	case r.Error != nil && r.Error.Code == 131056:
		s.tooMany.Add(1)
	}
	return r, err
}

func benchSend(b *testing.B, store gateway.Store, rate int) {
	messages := max(b.N, 5*rate) / perCustomer * perCustomer
	g, sender := benchChannel(b, store, rate, messages/perCustomer)
	fillOutbox(b, store, g, messages)
	before := sender.taken.Load()
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	b.ResetTimer()
	began := time.Now()
	go func() { done <- g.Run(ctx) }()
	for sender.taken.Load()-before < int64(messages) && time.Since(began) < 5*time.Minute {
		<-time.After(time.Millisecond)
	}
	took := time.Since(began)
	b.StopTimer()
	cancel()
	if err := <-done; err != nil {
		b.Error(err)
	}
	if sender.tooFast.Load()+sender.tooMany.Load() > 0 || sender.taken.Load()-before != int64(messages) {
		b.Errorf("of %d: %d taken, %d refused as too fast, %d as too many for one customer",
			messages, sender.taken.Load()-before, sender.tooFast.Load(), sender.tooMany.Load())
	}
	perSecond := float64(messages) / took.Seconds()
	b.ReportMetric(perSecond, "msgs/s")
	b.ReportMetric(perSecond/float64(rate), "of_limit")
	b.ReportMetric(float64(sender.tooFast.Load()+sender.tooMany.Load()), "violations")
}

// benchChannel is a gateway with everything that sending needs, and an emulated
// channel at which so many customers have just written.
func benchChannel(b *testing.B, store gateway.Store, rate, customers int) (*gateway.Gateway, *countingSender) {
	b.Helper()
	var phone *cloudsim.Simulator
	graph := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { phone.ServeHTTP(w, r) }))
	b.Cleanup(graph.Close)
	var webhook *whatsapp.Webhook
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { webhook.ServeHTTP(w, r) }))
	b.Cleanup(front.Close)
	redisServer := miniredis.RunT(b)
	client := redis.NewClient(&redis.Options{Addr: redisServer.Addr(), PoolSize: 64})
	b.Cleanup(func() { client.Close() })
	limiter, err := ratelimit.New(ratelimit.Config{Client: client, PerNumber: sendLimit(rate)})
	if err != nil {
		b.Fatal(err)
	}
	channel, err := whatsapp.NewClient(whatsapp.ClientConfig{
		BaseURL: graph.URL + "/v25.0", Token: "t", PhoneNumberID: demoNumberID,
		HTTP: &http.Client{Timeout: 20 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}},
	})
	if err != nil {
		b.Fatal(err)
	}
	sender := &countingSender{Client: channel}
	g, err := gateway.New(gateway.Config{
		Store: store, Answerer: noAnswers{}, Orders: noOrders{}, Sender: sender, Limiter: limiter,
		QuietPeriod: -1, Senders: senders(rate),
	})
	if err != nil {
		b.Fatal(err)
	}
	if webhook, err = whatsapp.NewWebhook(whatsapp.WebhookConfig{AppSecrets: []string{benchSecret}, Accept: g.Accept}); err != nil {
		b.Fatal(err)
	}
	phone, err = cloudsim.New(cloudsim.Config{
		WebhookURL: front.URL, AppSecret: benchSecret, AccessToken: "t", PhoneNumberID: demoNumberID,
		Customers: []cloudsim.Customer{{Phone: "34600000000", Name: "Cliente"}}, Limits: cloudsim.Limits{NumberPerSecond: rate},
	})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- phone.Run(ctx) }()
	b.Cleanup(func() {
		cancel()
		phone.EndStreams()
		if err := <-done; err != nil {
			b.Error(err)
		}
	})
	for i := range customers {
		writeFirst(b, graph.URL, fmt.Sprint(34600000000+i))
	}
	return g, sender
}

// writeFirst has a customer write, so that the service window is open.
func writeFirst(b *testing.B, graph, phone string) {
	b.Helper()
	body := fmt.Sprintf(`{"phone":%q,"text":"hola"}`, phone)
	request, err := http.NewRequestWithContext(b.Context(), http.MethodPost, graph+"/control/say", bytes.NewBufferString(body))
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		b.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode >= 300 {
		b.Fatalf("a customer could not write: %s", response.Status)
	}
}

// fillOutbox takes the customers' messages in, hands each conversation to an agent,
// and has the agent write, before anything is timed.
func fillOutbox(b *testing.B, store gateway.Store, g *gateway.Gateway, messages int) {
	b.Helper()
	customers := messages / perCustomer
	ctx, cancel := context.WithCancel(b.Context())
	done := make(chan error, 1)
	go func() { done <- g.Run(ctx) }()
	var queued []gateway.Handoff
	for began := time.Now(); len(queued) < customers && time.Since(began) < time.Minute; <-time.After(10 * time.Millisecond) {
		queued = allHandoffs(b, store)
	}
	if len(queued) != customers {
		b.Fatalf("%d of %d customers were handed over", len(queued), customers)
	}
	// The bot's own words to each go out before.
	for began := time.Now(); !drained(b, store, queued) && time.Since(began) < time.Minute; {
		<-time.After(20 * time.Millisecond)
	}
	cancel()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	for i := range messages {
		h := queued[i%customers]
		_, err := store.Act(b.Context(), gateway.Action{
			HandoffID: h.ID, Kind: gateway.ActionReply, Agent: "Ana", Text: fmt.Sprintf("Mensaje %d", i), At: time.Now(),
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func allHandoffs(b *testing.B, store gateway.Store) []gateway.Handoff {
	b.Helper()
	var all []gateway.Handoff
	for after := ""; ; {
		list, next, err := store.Handoffs(b.Context(), gateway.HandoffQueued, gateway.Page{After: after, Limit: 200})
		if err != nil {
			b.Fatal(err)
		}
		if all = append(all, list...); next == "" {
			return all
		}
		after = next
	}
}

// drained tells whether nothing waits to be sent.
func drained(b *testing.B, store gateway.Store, handoffs []gateway.Handoff) bool {
	b.Helper()
	for _, h := range handoffs {
		list, _, err := store.Messages(b.Context(), h.ConversationID, gateway.Page{})
		if err != nil && !errors.Is(err, gateway.ErrNotFound) {
			b.Fatal(err)
		}
		for _, m := range list {
			if m.Direction == "out" && gateway.DeliveryState(m.Status).Rank() < gateway.DeliverySent.Rank() {
				return false
			}
		}
	}
	return true
}
