package desk

import (
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
)

func TestSpan(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		-time.Hour: "0 min", 0: "0 min", 59 * time.Second: "0 min", 60 * time.Second: "1 min", 59 * time.Minute: "59 min",
		time.Hour: "1 h 0 min", 23*time.Hour + 59*time.Minute: "23 h 59 min", 24 * time.Hour: "1 d 0 h", 100 * time.Hour: "4 d 4 h",
	} {
		if got := span(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("here", 2*60*60)
	now := time.Date(2026, 3, 2, 0, 30, 0, 0, zone)
	for at, want := range map[time.Time]string{
		now: "00:30", now.Add(-time.Hour): "2026-03-01 23:30", time.Date(2026, 3, 1, 22, 10, 0, 0, time.UTC): "00:10",
	} {
		if got := clock(now, at); got != want {
			t.Errorf("%s is %q, want %q", at, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for got, want := range map[string]string{
		decimal("es", 0.625, 2): "0,62", decimal("en", 1234.5, 1): "1234.5",
		took("es", 1500*time.Microsecond): "1,5 ms", took("en", 2*time.Second): "2.00 s",
		money("es", rag.OrderItem{PriceMinor: 21905, Currency: "EUR"}): "219,05 EUR",
		money("en", rag.OrderItem{PriceMinor: 21905}):                  "",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestShare(t *testing.T) {
	t.Parallel()
	stages := []rag.Stage{{Name: "a", Took: 5}, {Name: "b", Took: 20}, {Name: "c"}}
	for i, want := range []int{25, 100, 0} {
		if got := share(stages, stages[i]); got != want {
			t.Errorf("%s has %d %%, want %d", stages[i].Name, got, want)
		}
	}
	if got := share(stages[2:], stages[2]); got != 0 {
		t.Errorf("stages without time share %d", got)
	}
}

func TestPeopleAndStates(t *testing.T) {
	t.Parallel()
	phone := gateway.Identity{Phone: "34600550101", UserID: "ES.1"}
	for got, want := range map[string]string{
		who(" ", phone): "+34600550101", who("Lucía", phone): "Lucía", contact(gateway.Identity{UserID: "ES.1"}): "ES.1",
		orderStatus("es", "Out for delivery"): "en reparto", orderStatus("en", "waiting_for_moon"): "waiting for moon",
		day("es", "2026-03-02T23:30:00+01:00"): "02/03/2026", day("en", "2026-03-04"): "4 Mar 2026", day("es", "soon"): "soon",
		within("Pagos", "Pagos > Tarjeta > Cuándo"): "Tarjeta › Cuándo", within("Pagos", "Pagos"): "", within("Pagos", "Plazos"): "Plazos",
		ticks("read"): "✓✓", ticks("failed"): "✕", ticks("received"): "",
		searched("+34 (600) 55-01.01"): "34600550101", searched("ES.555 1"): "ES.555 1",
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
