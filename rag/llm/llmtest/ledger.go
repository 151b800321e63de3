package llmtest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/recado/recado/rag/llm"
)

// Opened is an empty ledger. Pass lets a time go by, where the test can; nil skips what
// needs it.
type Opened struct {
	Ledger llm.Ledger
	Pass   func(time.Duration)
}

// Ledger holds a ledger to the contract of llm.Ledger. open gives an empty one each time
// that it is called.
func Ledger(t *testing.T, open func(t testing.TB) Opened) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, Opened){
		"limits": limits, "refusals take nothing": refusals, "settling": settling, "accounts are apart": apart,
		"at once": atOnce, "windows": windows, "without limits": unlimited,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
	t.Run("as a sum", func(t *testing.T) {
		t.Parallel()
		asSum(t, open(t))
	})
}

var today = llm.Accounts{Conversation: "c1", Day: "2026-03-02"}

func reserve(t testing.TB, l llm.Ledger, a llm.Accounts, amount int64, limit llm.Budget) bool {
	t.Helper()
	ok, err := l.Reserve(t.Context(), a, amount, limit)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func settle(t testing.TB, l llm.Ledger, a llm.Accounts, amount int64) {
	t.Helper()
	if err := l.Settle(t.Context(), a, amount); err != nil {
		t.Fatal(err)
	}
}

func spent(t testing.TB, l llm.Ledger, a llm.Accounts, want llm.Budget) {
	t.Helper()
	got, err := l.Spent(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if got != want {
		t.Errorf("spent are %+v, not %+v", got, want)
	}
}

func limits(t *testing.T, o Opened) {
	limit := llm.Budget{Conversation: 100, Day: 1000}
	if !reserve(t, o.Ledger, today, 60, limit) || !reserve(t, o.Ledger, today, 40, limit) {
		t.Error("the budget can't be spent to its end")
	}
	if reserve(t, o.Ledger, today, 1, limit) {
		t.Error("the conversation's budget does not hold")
	}
	spent(t, o.Ledger, today, llm.Budget{Conversation: 100, Day: 100})
}

func refusals(t *testing.T, o Opened) {
	if reserve(t, o.Ledger, today, 11, llm.Budget{Conversation: 10, Day: 1000}) || reserve(t, o.Ledger, today, 11, llm.Budget{Conversation: 1000, Day: 10}) {
		t.Error("a limit does not hold")
	}
	spent(t, o.Ledger, today, llm.Budget{})
}

func settling(t *testing.T, o Opened) {
	limit := llm.Budget{Conversation: 100, Day: 100}
	reserve(t, o.Ledger, today, 100, limit)
	settle(t, o.Ledger, today, -70)
	if !reserve(t, o.Ledger, today, 70, limit) || reserve(t, o.Ledger, today, 1, limit) {
		t.Error("what was given back can't be spent, or more than it")
	}
	settle(t, o.Ledger, today, 50)
	spent(t, o.Ledger, today, llm.Budget{Conversation: 150, Day: 150})
	settle(t, o.Ledger, today, -500)
	spent(t, o.Ledger, today, llm.Budget{})
}

func apart(t *testing.T, o Opened) {
	limit := llm.Budget{Conversation: 10, Day: 100}
	other, tomorrow, nobody := today, today, today
	other.Conversation, tomorrow.Day, nobody.Conversation = "c2", "2026-03-03", ""
	reserve(t, o.Ledger, today, 10, limit)
	if !reserve(t, o.Ledger, other, 10, limit) || reserve(t, o.Ledger, tomorrow, 1, limit) {
		t.Error("a conversation's account is not its own, or that of one day")
	}
	if !reserve(t, o.Ledger, nobody, 80, limit) || reserve(t, o.Ledger, nobody, 1, limit) {
		t.Error("without a conversation the day does not pay alone")
	}
	spent(t, o.Ledger, tomorrow, llm.Budget{Conversation: 10})
	spent(t, o.Ledger, nobody, llm.Budget{Day: 100})
}

// atOnce: many who reserve at the same time never get more than the limit together.
func atOnce(t *testing.T, o Opened) {
	var (
		mu    sync.Mutex
		got   int
		group sync.WaitGroup
	)
	for i := range 64 {
		group.Go(func() {
			a := llm.Accounts{Conversation: fmt.Sprint(i % 4), Day: today.Day}
			ok, err := o.Ledger.Reserve(t.Context(), a, 10, llm.Budget{Conversation: 100, Day: 305})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				t.Error(err)
			}
			if ok {
				got++
			}
		})
	}
	group.Wait()
	if got != 30 {
		t.Errorf("%d of 64 got money for 30", got)
	}
}

func windows(t *testing.T, o Opened) {
	if o.Pass == nil {
		t.Skip("no time goes by in this test")
	}
	reserve(t, o.Ledger, today, 10, llm.Budget{})
	o.Pass(llm.ConversationWindow - time.Minute)
	settle(t, o.Ledger, today, 5)
	spent(t, o.Ledger, today, llm.Budget{Conversation: 15, Day: 15})
	o.Pass(2 * time.Minute)
	spent(t, o.Ledger, today, llm.Budget{Day: 15})
	if !reserve(t, o.Ledger, today, 10, llm.Budget{Conversation: 10}) {
		t.Error("a conversation's account does not begin anew")
	}
	o.Pass(llm.DayKept)
	spent(t, o.Ledger, today, llm.Budget{})
	settle(t, o.Ledger, today, -3)
	spent(t, o.Ledger, today, llm.Budget{})
}

func unlimited(t *testing.T, o Opened) {
	const much = 1 << 50
	for range 2 {
		if !reserve(t, o.Ledger, today, much, llm.Budget{}) {
			t.Error("there is a limit")
		}
	}
	spent(t, o.Ledger, today, llm.Budget{Conversation: 2 * much, Day: 2 * much})
}

// asSum: whatever the order, the accounts hold what was reserved and settled, and never
// more than the limit when nothing is settled upwards.
func asSum(t *testing.T, o Opened) {
	n := 0
	rapid.Check(t, func(rt *rapid.T) {
		n++
		a := llm.Accounts{Conversation: fmt.Sprint("sum", n), Day: fmt.Sprint("day", n)}
		limit := llm.Budget{Conversation: rapid.Int64Range(1, 50).Draw(rt, "conversation"), Day: rapid.Int64Range(1, 50).Draw(rt, "day")}
		var sum int64
		for range rapid.IntRange(0, 10).Draw(rt, "steps") {
			if amount := rapid.Int64Range(0, 30).Draw(rt, "amount"); rapid.Bool().Draw(rt, "settle") {
				settle(t, o.Ledger, a, -amount)
				sum = max(0, sum-amount)
			} else if ok := reserve(t, o.Ledger, a, amount, limit); ok != (sum+amount <= min(limit.Conversation, limit.Day)) {
				rt.Fatalf("%d of %+v on top of %d: %v", amount, limit, sum, ok)
			} else if ok {
				sum += amount
			}
		}
		spent(t, o.Ledger, a, llm.Budget{Conversation: sum, Day: sum})
	})
}
