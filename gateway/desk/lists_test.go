package desk_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk/desktest"
)

// crowd opens n handoffs, the first of them the oldest, and claims them for the
// agent unless that is empty.
func (b *bundle) crowd(name string, n int, agent string) {
	b.t.Helper()
	for i := range n {
		c := gateway.Conversation{
			ID: fmt.Sprintf("%s-%04d", name, i), Name: fmt.Sprintf("%s %04d.", name, i),
			Contact: gateway.Identity{Phone: fmt.Sprintf("346%08d", i)}, LastCustomerAt: morning,
		}
		b.store.Put(c)
		at := morning.Add(time.Duration(i-1_000_000) * time.Second)
		h := gateway.Handoff{
			ID: "h-" + c.ID, ConversationID: c.ID, Name: c.Name, Contact: c.Contact,
			Reason: gateway.ReasonNotCovered, State: gateway.HandoffQueued, CreatedAt: at, UpdatedAt: at,
		}
		b.store.Open(h)
		if agent == "" {
			continue
		}
		_, err := b.store.Act(b.t.Context(), gateway.Action{HandoffID: h.ID, Kind: gateway.ActionClaim, Agent: agent, At: at})
		if err != nil {
			b.t.Fatal(err)
		}
	}
}

// TestManyWait: a page shows the oldest, says that there are more, and leads to
// those it does not show.
func TestManyWait(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.crowd("Queue", 250, "")
	page := b.get("/desk/", "es")
	page.says(t, http.StatusOK, "(200+)", "Queue 0000.", "Queue 0199.", "Y más: aparecen aquí cuando terminan las primeras.")
	page.lacks(t, "Queue 0200.")
	b.get("/desk/handoffs/h-Queue-0001", "en").says(t, http.StatusOK, "And more: they appear here as the first ones are done.")
	b.get("/desk/conversations/Queue-0249", "en").leads(t, "/desk/handoffs/h-Queue-0249")
	b.get("/desk/conversations/"+desktest.Nora, "en").says(t, http.StatusOK, "The assistant is answering.")
	few := setup(t, "ana").get("/desk/", "es")
	few.says(t, http.StatusOK, "(3)")
	few.lacks(t, "Y más")
}

// TestOwnAreFoundAmongMany: what others have does not hide an agent's own.
func TestOwnAreFoundAmongMany(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	b.crowd("Others", 650, "bea")
	page := b.get("/desk/?view=mine", "es")
	page.says(t, http.StatusOK, "Marta")
	page.lacks(t, "Others", "Y más")
	page = b.get("/desk/", "es")
	page.says(t, http.StatusOK, "Marta", "Others 0199.", "Y más")
	page.lacks(t, "Others 0200.")
}

// TestOpenHandoffsAreReadOncePerChange: pages without a change between them share
// what was read, for a second; a change is seen at once.
func TestOpenHandoffsAreReadOncePerChange(t *testing.T) {
	t.Parallel()
	b := setup(t, "ana")
	for _, path := range []string{
		"/desk/", "/desk/?view=mine", "/desk/handoffs/" + desktest.TomHandoff, "/desk/conversations/" + desktest.Tom + "/why",
	} {
		b.get(path, "es").says(t, http.StatusOK)
	}
	if n := b.store.Listed(); n != 2 {
		t.Errorf("%d pages of handoffs were read", n)
	}
	b.post("/desk/handoffs/"+desktest.TomHandoff+"/claim", nil)
	page := b.get("/desk/?view=mine", "es")
	page.says(t, http.StatusOK, "Tom Ashworth")
	if n := b.store.Listed(); n != 4 {
		t.Errorf("%d pages of handoffs were read after a change", n)
	}
	b.clock.advance(time.Second)
	b.get("/desk/", "es").says(t, http.StatusOK)
	if n := b.store.Listed(); n != 6 {
		t.Errorf("%d pages of handoffs were read a second later", n)
	}
	if strings.Count(page.body, `id="row-`) != 2 {
		t.Errorf("the agent's own are not two: %s", page.body)
	}
}
