package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/orders"
	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/rag/action"
)

// TestDoctorCommands walks the streams from nothing to what nobody reads.
func TestDoctorCommands(t *testing.T) {
	t.Parallel()
	env := healthy(t, healthyGraph())
	r, _ := diagnose(t, env)
	r.is(t, "commands", levelOK, "people do what customers want done")
	env["RECADO_ACTIONS"] = filepath.Join(t.TempDir(), "actions.yaml")
	if err := os.WriteFile(env["RECADO_ACTIONS"], []byte("{}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, _ = diagnose(t, env)
	r.is(t, "commands", levelWarn, "no other program reads", "REDIS_URL")
	env["REDIS_URL"] = testservices.Redis(t)
	r, _ = diagnose(t, env)
	r.is(t, "commands", levelOK, "Every command has its receipt")
	options, err := redis.ParseURL(env["REDIS_URL"])
	if err != nil {
		t.Fatal(err)
	}
	client := redis.NewClient(options)
	defer client.Close()
	wire, err := orders.NewWire(orders.WireConfig{Client: client})
	if err != nil {
		t.Fatal(err)
	}
	c := gateway.Command{ID: "c1", Call: action.Call{Kind: action.Cancel, Order: "W1"}, Customer: gateway.Identity{Phone: "34600550101"}}
	if err := wire.Publish(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := client.XAdd(t.Context(), &redis.XAddArgs{Stream: "recado:receipts", Values: []string{"receipt", "{}"}}).Err(); err != nil {
		t.Fatal(err)
	}
	r, _ = diagnose(t, env)
	r.is(t, "commands", levelWarn, "1 command waits for the shop's system, the oldest for ", "1 receipt waits for the gateway")
	env["REDIS_URL"] = "redis://127.0.0.1:1/0"
	r, _ = diagnose(t, env)
	r.is(t, "commands", levelFail, "can't be read", "line on Redis")
}

func TestReadBacklog(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		b     orders.Backlog
		level level
		says  []string
	}{
		{orders.Backlog{}, levelOK, []string{"Every command has its receipt."}},
		{orders.Backlog{Commands: 2, Oldest: now.Add(-time.Minute)}, levelOK, []string{"2 commands wait", "1m0s"}},
		{orders.Backlog{Commands: 7, Oldest: now.Add(-time.Hour)}, levelWarn, []string{"7 commands wait", "1h0m0s", "recado:commands"}},
		{orders.Backlog{Commands: 1, Oldest: now.Add(time.Second)}, levelOK, []string{"for 0s"}},
		{orders.Backlog{Receipts: 3}, levelWarn, []string{"3 receipts wait", "gateway runs"}},
		{orders.Backlog{Dead: 1}, levelWarn, []string{"1 receipt could not be used", "receipts:dead"}},
	} {
		f := readBacklog(tt.b, now)
		if f.Level != tt.level {
			t.Errorf("%+v is %s", tt.b, f.Level)
		}
		for _, text := range tt.says {
			if !strings.Contains(f.Text+" "+f.Advice, text) {
				t.Errorf("%+v says %q, not %q", tt.b, f.Text+" "+f.Advice, text)
			}
		}
	}
}
