package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/evals/runs"
	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/rag/llm/llmtest"
)

// saying writes what did not hold, for a test that failed.
func saying(t *testing.T, r runs.Result) {
	t.Helper()
	t.Logf("%s: passed %v, skipped %q, outage %q", r.ID, r.Passed, r.Skipped, r.Outage)
	for _, s := range r.Steps {
		t.Logf("  %s %q -> %s %s %v %v", s.Did, s.Said, s.Decision, s.Reason, s.Replies, s.Actions)
		for _, check := range s.Checks {
			if !check.OK {
				t.Logf("     %s: want %s, got %s", check.Name, check.Want, check.Got)
			}
		}
	}
}

// The level of a customer decides what is asked of them: with a code that came back or an
// agent who made sure, no code is needed, and with the number alone it is.
func TestLevels(t *testing.T) {
	t.Parallel()
	var list []string
	for level, expect := range map[string]string{
		"number":   `says: ["6 cifras"], orders: {"#W2024212": {shipping.address: "Calle Curtidores 3, 31001 Pamplona, España"}}`,
		"code":     `never: ["6 cifras"], decision: propose`,
		"verified": `never: ["6 cifras"], decision: propose`,
	} {
		list = append(list, fmt.Sprintf(`  - id: level-%s
    language: es
    customer: {phone: "+34600550115", name: Irene, level: %s}
    say: "Cambia la dirección del pedido #W2024212 a Calle Mayor 5, 31002 Pamplona"
    expect: {%s}
`, level, level, expect))
	}
	list = append(list, `  - id: level-by-agent
    about: An agent makes sure in the middle of the talk.
    language: es
    customer: {phone: "+34600550115", name: Irene}
    steps:
      - say: Quiero hablar con una persona
      - agent: take
      - agent: verify
      - agent: return
      - say: "Cambia la dirección del pedido #W2024212 a Calle Mayor 5, 31002 Pamplona"
        expect: {decision: propose, never: ["6 cifras"]}
`)
	s, err := suite.Read(oneFile("suite: levels\nshop: {demo: true}\nclock: 2026-10-20T10:00:00+02:00\ncases:\n"+strings.Join(list, "")), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, system := range []string{"gateway", "rag"} {
		for id, r := range playOn(t, system, s) {
			if system == "rag" && id == "level-by-agent/es" {
				continue // it has no desk
			}
			if !r.Passed {
				t.Error(system)
				saying(t, r)
			}
		}
	}
}

const playedShop = `suite: played
shop: {demo: true}
clock: 2026-10-20T10:00:00+02:00
cases:
  - id: cancel
    customer: {phone: "+34600550115", name: Irene}
    simulate: {wants: cancel_order, knows: {order: "#W2024212"}, mood: polite}
    expect: {ending: done, orders: {"#W2024212": {status: cancelled}}}
  - id: wrong-thing
    about: What is expected of the end is wrong on purpose.
    customer: {phone: "+34600550115", name: Irene}
    simulate: {wants: cancel_order, knows: {order: "#W2024212"}, mood: polite}
    expect: {ending: done}
`

// TestPlayedOnTheStage has the same customer succeed by the end, and fail where something
// was done that nobody expected.
func TestPlayedOnTheStage(t *testing.T) {
	t.Parallel()
	s, err := suite.Read(oneFile(playedShop), nil)
	if err != nil {
		t.Fatal(err)
	}
	for id, r := range playOn(t, "gateway", s) {
		if r.Passed != strings.HasPrefix(id, "cancel") {
			t.Error(id)
			saying(t, r)
		}
		if strings.HasPrefix(id, "wrong") && !strings.Contains(failures(r), "untouched") {
			t.Errorf("%s: %s", id, failures(r))
		}
	}
	for id, r := range playOn(t, "rag", s) {
		// It has no shop's system: the talk is held, and orders are not looked at.
		if !r.Passed || r.Skipped != "" {
			t.Error(id)
			saying(t, r)
		}
	}
}

func failures(r runs.Result) string {
	var names []string
	for _, s := range r.Steps {
		for _, c := range s.Checks {
			if !c.OK {
				names = append(names, c.Name)
			}
		}
	}
	return strings.Join(names, " ")
}

// playing is a server whose model plays the customer in so many words, and the shop's
// assistant as well.
func playing(moves ...string) llmtest.Step {
	next := 0
	return func(w http.ResponseWriter, r *http.Request) {
		asked := fmt.Sprint(llmtest.Read(r).Body["messages"])
		switch {
		case !strings.Contains(asked, "You play a customer"):
			llmtest.Say(`{"answer":"Puedo cancelar tu pedido #W2024212.","citations":[],"orders":["#W2024212"],"language":"es","needs_human":false,"missing":"",`+
				`"small_talk":false,"ask_back":"","actions":[{"name":"cancel_order","order":"#W2024212","items":[],"address":"","reason":""}]}`)(w, r)
		case next < len(moves):
			next++
			llmtest.Say(moves[next-1])(w, r)
		default:
			llmtest.Raw(http.StatusInternalServerError, "nothing more to say")(w, r)
		}
	}
}

// TestPlayedByAModel has a model's server play the customer, records it, and plays the same
// from the recording alone.
func TestPlayedByAModel(t *testing.T) {
	t.Parallel()
	server := llmtest.New(t, playing(`{"messages":["Quiero cancelar el pedido #W2024212"],"tap":"","state":"goes_on"}`,
		`{"messages":[],"tap":"Sí","state":"goes_on"}`, `{"messages":["Gracias"],"tap":"","state":"done"}`))
	dir := t.TempDir()
	name, tape := filepath.Join(dir, "suite.yaml"), filepath.Join(dir, "tape.jsonl")
	text, _, _ := strings.Cut(playedShop, "  - id: wrong-thing")
	if err := os.WriteFile(name, []byte(strings.Replace(text, "  - id: cancel\n", "  - id: cancel\n    language: es\n", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	env := map[string]string{
		"RECADO_DATA": filepath.Join(dir, "data"), "RECADO_SIMULATE_MODEL": "customer-1", "OPENAI_BASE_URL": server.URL(), "RECADO_CHAT_MODEL": "shop-1",
	}
	args := []string{"eval", "run", name, "--no-keep", "--speaker", "model", "--json", "-"}
	recorded := told(t, env, append(args, "--record", tape)...)
	holds(t, "the run", recorded, `"passed":1`, "the customer has what they wanted, after 3 turns")
	asked := server.Asked()
	holds(t, "the replay", told(t, env, append(args, "--replay", tape)...), `"passed":1`, "the customer has what they wanted, after 3 turns")
	if server.Asked() != asked {
		t.Errorf("the replay asked %d times", server.Asked()-asked)
	}
	lines, err := os.ReadFile(tape)
	if err != nil || !strings.Contains(string(lines), `"kind":"speaker","name":"customer-1"`) {
		t.Errorf("%v\n%s", err, lines)
	}
	if code, _, errs := tell(t, nil, append(args[:5:5], "model")...); code != exitUsage || !strings.Contains(errs, "no model server") {
		t.Errorf("without a server: status %d, %s", code, errs)
	}
	if code, _, errs := tell(t, nil, append(args[:5:5], "parrot")...); code != exitUsage || !strings.Contains(errs, "script or model") {
		t.Errorf("another speaker: status %d, %s", code, errs)
	}
}
