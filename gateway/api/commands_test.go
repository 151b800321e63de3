package api_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/desk/desktest"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// ordered is a command that Nora confirmed.
func ordered(id string) gateway.CommandView {
	return gateway.CommandView{Command: gateway.Command{
		ID: id, ConversationID: desktest.Nora, TurnID: "t", Level: assure.Code, Secret: "402913", Attempt: 1,
		Call:      action.Call{Kind: action.ChangeAddress, Order: "W2024117", Address: "Calle del Nogal 12"},
		CreatedAt: now, Deadline: now.Add(5 * time.Minute),
	}}
}

// fillCommands adds a command at each station, and answers to look at.
func fillCommands(b bundle) {
	queued, waiting, expired, ended, late := ordered("queued"), ordered("waiting"), ordered("expired"), ordered("ended"), ordered("late")
	for _, v := range []*gateway.CommandView{&waiting, &expired, &ended, &late} {
		v.PublishedAt = now.Add(time.Second)
	}
	expired.ExpiredAt, late.ExpiredAt = now.Add(5*time.Minute), now.Add(5*time.Minute)
	ended.Receipt = &action.Receipt{ID: "r", Outcome: action.Refused, Reason: "status", At: now}
	late.Receipt = &action.Receipt{ID: "r", Outcome: action.Done, Reference: "CAN-81", Facts: map[string]string{"amount": "59.90 EUR"}, At: now}
	for _, v := range []gateway.CommandView{queued, waiting, expired, ended, late} {
		b.store.Order(v)
	}
	c, err := b.store.Conversation(context.Background(), desktest.Nora)
	if err != nil {
		panic(err)
	}
	c.Memory = gateway.Memory{
		Level: assure.Code, LevelUntil: now.Add(time.Minute), CodeUntil: now.Add(time.Minute), Awaiting: 1, LanguageFixed: true,
		Pending: &gateway.Pending{
			ID: "p", ExpiresAt: now.Add(time.Minute), NeedsCode: true,
			Proposal: rag.Proposal{Call: action.Call{Kind: action.Cancel, Order: "W2024117"}, Summary: "¿Cancelo el pedido W2024117?"},
		},
	}
	b.store.Put(c)
	b.store.Pick(gateway.Audit{
		TurnID: "t1", ConversationID: desktest.Nora, Chance: .05, Calibration: "cal", At: now,
		Record: gateway.Record{Query: "¿Plazo?", Reply: "30 días.", Language: "es", Confidence: .9},
	})
}

// commandsRun visits what there is of commands and audits.
func commandsRun() []step {
	const c, a = "/api/v1/conversations", "/api/v1/audits"
	return []step{
		{method: "GET", path: c + "/{id}/commands", id: desktest.Nora, before: fillCommands},
		{method: "GET", path: c + "/{id}/commands", id: "none"},
		{method: "GET", path: c + "/{id}/agreement", id: desktest.Nora},
		{method: "GET", path: c + "/{id}/agreement", id: "none"},
		{method: "PUT", path: c + "/{id}/agreement", id: desktest.Nora, body: `{"consent": "given", "agent": "ana"}`},
		{method: "PUT", path: c + "/{id}/agreement", id: desktest.Nora, body: `{"consent": "perhaps"}`},
		{method: "PUT", path: c + "/{id}/agreement", id: "none", body: `{"consent": "unset"}`},
		{method: "GET", path: c + "/{id}/agreement", id: desktest.Nora},
		{method: "GET", path: c + "/{id}", id: desktest.Nora},
		{method: "GET", path: a},
		{method: "GET", path: a, query: "?state=odd"},
		{method: "POST", path: a + "/{id}/label", id: "t1", body: `{"right":false,"agent":"ana"}`},
		{method: "POST", path: a + "/{id}/label", id: "t1", body: `{"agent":"ana"}`},
		{method: "POST", path: a + "/{id}/label", id: "t1", body: `{`},
		{method: "POST", path: a + "/{id}/label", id: "none", body: `{"right":true}`},
		{method: "GET", path: a, query: "?state=labelled"},
		{method: "POST", path: "/api/v1/handoffs/{id}/label", id: desktest.LuciaHandoff, body: `{"verdict":"early","agent":"ana"}`},
		{method: "POST", path: "/api/v1/handoffs/{id}/label", id: desktest.LuciaHandoff, body: `{"flaw":"fact"}`},
		{method: "POST", path: "/api/v1/handoffs/{id}/label", id: "none", body: `{"verdict":"late"}`},
		{method: "POST", path: "/api/v1/handoffs/{id}/label", id: desktest.LuciaHandoff, body: `{`},
		{method: "POST", path: c + "/{id}/labels", id: desktest.Lucia, body: `{"turn_id":"turn-unsure","verdict":"wrong","note":"el plazo"}`},
		{method: "POST", path: c + "/{id}/labels", id: desktest.Lucia, body: `{"turn_id":"turn-unsure","verdict":"late"}`},
		{method: "POST", path: c + "/{id}/labels", id: desktest.Lucia, body: `{"turn_id":"none","verdict":"right"}`},
		{method: "GET", path: "/api/v1/labels"},
		{method: "GET", path: "/api/v1/labels", query: "?since=yesterday"},
		{method: "GET", path: "/api/v1/labels", query: "?since=2026-03-02T09:40:00Z&handoff=x"},
	}
}

func TestCommandsAreTold(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fillCommands(b)
	var states []string
	for _, c := range get[[]map[string]any](t, b, "/api/v1/conversations/"+desktest.Nora+"/commands", "commands") {
		states = append(states, c["id"].(string)+" "+c["state"].(string))
	}
	if diff := cmp.Diff([]string{"queued queued", "waiting waiting", "expired expired", "ended ended", "late ended"}, states); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	for _, path := range []string{"/commands", ""} {
		if w := b.call("GET", "/api/v1/conversations/"+desktest.Nora+path, ""); strings.Contains(w.Body.String(), "402913") {
			t.Errorf("%s tells a one-time code: %s", path, w.Body)
		}
	}
	memory := get[map[string]any](t, b, "/api/v1/conversations/"+desktest.Nora, "conversation")["memory"].(map[string]any)
	if memory["level"] != "code" || memory["level_until"] == nil || memory["pending"].(map[string]any)["id"] != "p" {
		t.Errorf("memory %v", memory)
	}
}

// TestMemoryOfADoubt tells the level that counts now.
func TestMemoryOfADoubt(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for id, c := range map[string]gateway.Conversation{
		"unknown":  {DoubtedAt: now, Memory: gateway.Memory{Level: assure.Verified}},
		"number":   {Memory: gateway.Memory{Level: assure.Code, LevelUntil: now, Pending: &gateway.Pending{ExpiresAt: now}}},
		"verified": {Memory: gateway.Memory{Level: assure.Verified}},
	} {
		c.ID = id
		b.store.Put(c)
		memory := get[map[string]any](t, b, "/api/v1/conversations/"+id, "conversation")["memory"].(map[string]any)
		if memory["level"] != id || memory["level_until"] != nil || memory["pending"] != nil {
			t.Errorf("%s: %v", id, memory)
		}
	}
}

func TestLabels(t *testing.T) {
	t.Parallel()
	b := setup(t)
	fillCommands(b)
	open := get[[]map[string]any](t, b, "/api/v1/audits", "audits")
	if len(open) != 1 || open[0]["right"] != nil || open[0]["question"] != "¿Plazo?" {
		t.Errorf("to look at: %v", open)
	}
	for _, right := range []string{"true", "false"} {
		if w := b.call("POST", "/api/v1/audits/t1/label", `{"right":`+right+`,"agent":"ana"}`); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
	}
	done := get[[]map[string]any](t, b, "/api/v1/audits?state=labelled", "audits")
	if len(done) != 1 || done[0]["right"] != false || done[0]["agent"] != "ana" || *b.changed != 2 {
		t.Errorf("looked at: %v, %d changes", done, *b.changed)
	}
}
