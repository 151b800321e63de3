package recent_test

import (
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/recado/recado/internal/recent"
)

// TestGetGivesWhatTheFunctionGives asks for anything in any order.
func TestGetGivesWhatTheFunctionGives(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 5).Draw(t, "most")
		found := map[string]int{}
		cache := recent.New(most, func(k string) string { found[k]++; return strings.ToUpper(k) })
		last := ""
		for _, k := range rapid.SliceOfN(rapid.StringMatching(`[a-h]`), 1, 60).Draw(t, "asked") {
			before := found[k]
			if got := cache.Get(k); got != strings.ToUpper(k) {
				t.Fatalf("%q gives %q", k, got)
			}
			if k == last && found[k] != before {
				t.Fatalf("%q was asked for a moment ago and is found again", k)
			}
			last = k
		}
	})
}

// TestKeepsTheMostRecent: as many as it keeps are found once, however often they are asked
// for, and what nobody asks for goes.
func TestKeepsTheMostRecent(t *testing.T) {
	t.Parallel()
	found := map[int]int{}
	cache := recent.New(10, func(k int) int { found[k]++; return k * k })
	for range 5 {
		for k := range 10 {
			cache.Get(k)
		}
	}
	for k := range 10 {
		if found[k] != 1 {
			t.Errorf("%d was found %d times", k, found[k])
		}
	}
	for k := 100; k < 130; k++ {
		cache.Get(k)
	}
	if cache.Get(0); found[0] != 2 {
		t.Errorf("0 is still kept after thirty others, or was found %d times", found[0])
	}
}

func TestGetByManyAtOnce(t *testing.T) {
	t.Parallel()
	cache := recent.New(4, func(k int) int { return k + 1 })
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 500 {
				if k := (i*7 + worker) % 20; cache.Get(k) != k+1 {
					t.Errorf("%d gives another's result", k)
				}
			}
		})
	}
	group.Wait()
}
