package desktest

import (
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
	"github.com/recado/recado/rag/assure"
)

// The ids in what Dealings adds.
const (
	// Iris has had the shop's system do things, and is asked about one more. She is with
	// the agent "ana".
	Iris        = "conversation-iris"
	IrisHandoff = "handoff-iris"
	// Hugo waits for an answer that only has to be sent.
	Hugo        = "conversation-hugo"
	HugoHandoff = "handoff-hugo"
	// The turns that were picked for a look: one of Iris's and one of Hugo's, and one that
	// somebody has looked at.
	OpenAudit  = "turn-audit-1"
	OtherAudit = "turn-audit-2"
	DoneAudit  = "turn-audit-3"
)

// Dealings adds conversations that have to do with the shop's system, an answer that
// waits to be sent, and answers to look at.
func Dealings(s *Store, now time.Time) {
	at := now.Add(-12 * time.Minute)
	c := conversation(Iris, "Iris Vega", "es", gateway.Identity{Phone: "34600550188"}, at.Add(10*time.Minute))
	c.Memory = gateway.Memory{
		Level: assure.Code, LevelUntil: now.Add(20 * time.Minute), Awaiting: 1,
		Pending: &gateway.Pending{
			ID: "pending-1", ExpiresAt: now.Add(9 * time.Minute),
			Proposal: rag.Proposal{
				Call:    action.Call{Kind: action.StartReturn, Order: "TA-4117", Items: []string{"Flexo Lumen"}},
				Summary: "¿Abro la devolución del Flexo Lumen del pedido TA-4117?",
			},
		},
	}
	s.Put(c)
	s.Say(Iris, In("i1", "Mi tarjeta es 4111 1111 1111 1111, devolvedme el dinero ahí", at))
	s.Say(Iris, Out("i2", "No hace falta que envíes tu tarjeta. ¿Abro la devolución?", at.Add(time.Second), gateway.AuthorBot, gateway.DeliveryRead))
	for _, v := range irisCommands(at) {
		s.Order(v)
	}
	s.handoff(IrisHandoff, Iris, gateway.ReasonReceipt, at.Add(6*time.Minute), gateway.Packet{
		Wants: "Cambiar la dirección: mi contraseña es girasol77", Why: "La tienda no ha dicho a tiempo si se hizo.",
	})
	s.claimBy("ana", IrisHandoff, at.Add(7*time.Minute))
	suggestion(s, now.Add(-3*time.Minute))
	picks(s, now)
}

func irisCommands(at time.Time) []gateway.CommandView {
	command := func(id string, call action.Call, after time.Duration) gateway.CommandView {
		return gateway.CommandView{PublishedAt: at.Add(after), Command: gateway.Command{
			ID: id, ConversationID: Iris, Call: call, Level: assure.Number, TurnID: OpenAudit, CreatedAt: at.Add(after),
			Deadline: at.Add(after + 5*time.Minute), Attempt: 1,
		}}
	}
	done := command("c-done", action.Call{Kind: action.Cancel, Order: "TA-4093"}, 0)
	done.Receipt = &action.Receipt{
		ID: "r1", Outcome: action.Done, Reference: "CAN-81", Facts: map[string]string{"amount": "29.9 EUR"}, At: at.Add(2 * time.Second),
	}
	refused := command("c-refused", action.Call{Kind: action.Cancel, Order: "TA-4101"}, time.Minute)
	refused.Receipt = &action.Receipt{ID: "r2", Outcome: action.Refused, Reason: "status", At: at.Add(62 * time.Second)}
	late := command("c-late", action.Call{Kind: action.SendCode}, 2*time.Minute)
	late.ExpiredAt = at.Add(7 * time.Minute)
	late.Receipt = &action.Receipt{ID: "r3", Outcome: action.Done, At: at.Add(8 * time.Minute)}
	expired := command("c-expired", action.Call{
		Kind: action.ChangeAddress, Order: "TA-4117", Address: "Calle del Nogal 12, 4.º B, 28004 Madrid",
	}, 3*time.Minute)
	expired.ExpiredAt = at.Add(8 * time.Minute)
	waiting := command("c-waiting", action.Call{Kind: action.StartReturn, Order: "TA-4093", Items: []string{"Lámpara Alba", "Bombilla E27"}}, 11*time.Minute)
	queued := command("c-queued", action.Call{Kind: action.Cancel, Order: "TA-4120"}, 12*time.Minute)
	queued.PublishedAt = time.Time{}
	return []gateway.CommandView{done, refused, late, expired, waiting, queued}
}

// suggestion adds Hugo, whose answer waits to be sent.
func suggestion(s *Store, at time.Time) {
	s.Put(conversation(Hugo, "Hugo Prats", "es", gateway.Identity{Phone: "34600550199"}, at))
	s.Say(Hugo, In("h1", "¿Cuánto tarda el envío a Canarias?", at))
	s.handoff(HugoHandoff, Hugo, gateway.ReasonSuggest, at.Add(time.Second), gateway.Packet{
		Wants: "¿Cuánto tarda el envío a Canarias?", Language: "es", Draft: "A Canarias tarda de 5 a 7 días laborables.",
		Confidence: .91, Threshold: .8, Tried: []string{"Envíos"},
		Why: "La respuesta está lista, pero no sale sin una persona: el modelo ha cambiado desde que se midió.",
	})
}

// picks adds answers to look at.
func picks(s *Store, now time.Time) {
	passage := rag.Passage{
		ID: "envios#0001", DocumentID: "envios", Hash: "h1", Title: "Envíos", Heading: "Envíos > Islas", Locale: "es", Source: "envios.md",
		Version: "v3", Text: "A Canarias y Baleares, de 5 a 7 días laborables.", Score: .4,
	}
	for i, id := range []string{OpenAudit, OtherAudit, DoneAudit} {
		r := gateway.Record{
			ID: id, ConversationID: []string{Iris, Hugo, Iris}[i], At: now.Add(time.Duration(i-20) * time.Minute), Attempt: 1,
			Outcome: gateway.OutcomeCommitted, Decision: gateway.Decision{Kind: gateway.DecideReply, Rule: "confidence"},
			Messages: []string{"¿Cuánto tarda a Canarias? Mi clave es girasol77"}, Language: "es", Query: "plazo de envío a Canarias",
			Passages: []rag.Passage{passage}, Draft: rag.Draft{Answer: "De 5 a 7 días laborables.", Citations: []string{passage.ID}, Locale: "es"},
			Confidence: .93, Threshold: .8, Reply: "De 5 a 7 días laborables.\n\nFuente: Envíos",
		}
		s.Decided(r)
		a := gateway.Audit{TurnID: id, ConversationID: r.ConversationID, Chance: .03, Calibration: "demo", At: r.At, Record: r}
		if id == DoneAudit {
			a.Labelled, a.Right, a.Agent = true, false, "bea"
		}
		s.Pick(a)
	}
}
