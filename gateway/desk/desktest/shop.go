package desktest

import (
	"encoding/json"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/rag"
	"github.com/recado/recado/rag/action"
)

// The ids in the store that Shop gives.
const (
	// Lucia waits: the answer to her question, in Spanish, was not sure enough.
	Lucia        = "conversation-lucia"
	LuciaHandoff = "handoff-lucia"
	// Tom waits: he speaks of a lawyer, in English.
	Tom        = "conversation-tom"
	TomHandoff = "handoff-tom"
	// Marta is with the agent "ana".
	Marta        = "conversation-marta"
	MartaHandoff = "handoff-marta"
	// Pau wrote too long ago to be answered freely, and has only a user id.
	Pau        = "conversation-pau"
	PauHandoff = "handoff-pau"
	// Nora is answered by the bot.
	Nora = "conversation-nora"
)

// Shop gives a store with five conversations as they would stand at that moment.
func Shop(now time.Time) *Store {
	s := New()
	addLucia(s, now)
	addTom(s, now)
	addMarta(s, now)
	addPau(s, now)
	addNora(s, now)
	return s
}

func conversation(id, name, language string, who gateway.Identity, last time.Time) gateway.Conversation {
	return gateway.Conversation{
		ID: id, ContactID: "contact-" + id, Channel: "100200300", Contact: who, Name: name,
		Mode: gateway.ModeBot, Language: language, LastCustomerAt: last,
		CreatedAt: last.Add(-time.Hour), UpdatedAt: last,
	}
}

// In makes a customer's message.
func In(id, text string, at time.Time) gateway.MessageView {
	return gateway.MessageView{
		ID: id, ProviderID: "wamid." + id, Direction: "in", Author: gateway.AuthorCustomer, Type: "text",
		Text: text, At: at, Status: "received", Payload: json.RawMessage(`{"type":"text"}`),
	}
}

// Out makes a message to a customer that ended in that state.
func Out(id, text string, at time.Time, author gateway.Author, state gateway.DeliveryState) gateway.MessageView {
	m := gateway.MessageView{
		ID: id, Direction: "out", Author: author, Type: "text", Text: text, At: at, Status: string(state),
	}
	if state.Rank() >= gateway.DeliverySent.Rank() {
		m.ProviderID = "wamid." + id
		m.Payload = json.RawMessage(`{"messaging_product":"whatsapp","type":"text"}`)
	}
	return m
}

// handoff opens one for a conversation that is in the store already.
func (s *Store) handoff(id, conversationID string, r gateway.Reason, at time.Time, p gateway.Packet) {
	s.mu.Lock()
	c := s.conversations[conversationID]
	s.mu.Unlock()
	p.Language = c.Language
	s.Open(gateway.Handoff{
		ID: id, ConversationID: c.ID, Contact: c.Contact, Name: c.Name, Reason: r,
		State: gateway.HandoffQueued, Packet: p, CreatedAt: at, UpdatedAt: at,
	})
}

const luciaOrders = `[{"number":"#W2024117","status":"shipped","placed_at":"2026-02-27","eta":"2026-03-04",` +
	`"items":[{"name":"Robot aspirador Nogal R2","quantity":1,"price_minor":21900,"currency":"EUR"},` +
	`{"name":"Bombilla inteligente E27 (paquete de 2)","quantity":2,"price_minor":2490,"currency":"EUR"}],` +
	`"carrier":"Mensajería Alcor","tracking_url":"https://seguimiento.alcor.example.com/W2024117",` +
	`"last_note":"El paquete salió del almacén","last_at":"2026-03-01T09:12:00Z"}]`

func addLucia(s *Store, now time.Time) {
	at := now.Add(-7 * time.Minute)
	s.Put(conversation(Lucia, "Lucía Herrera", "es", gateway.Identity{Phone: "34600550101"}, at))
	s.Say(Lucia, In("l1", "Hola! ¿Cuánto tardan los reembolsos?", at.Add(-3*time.Minute)))
	s.Say(Lucia, Out("l2", "Los reembolsos llegan entre 5 y 7 días laborables después de que recibamos "+
		"la devolución, por el mismo medio de pago.\n\nFuente: Reembolsos",
		at.Add(-3*time.Minute+2*time.Second), gateway.AuthorBot, gateway.DeliveryRead))
	s.Say(Lucia, In("l3", "Vale", at.Add(-20*time.Second)))
	s.Say(Lucia, In("l4", "Y si solo devuelvo una bombilla del paquete, ¿me devolvéis la mitad?", at))
	s.Say(Lucia, Out("l5", "Prefiero no adivinar, así que paso tu pregunta a una persona del equipo. "+
		"Te responderá aquí mismo.", at.Add(3*time.Second), gateway.AuthorBot, gateway.DeliveryDelivered))
	s.Decided(refundTurn(at.Add(-3 * time.Minute)))
	s.Decided(unsureTurn(at))
	s.handoff(LuciaHandoff, Lucia, gateway.ReasonLowConfidence, at.Add(3*time.Second), gateway.Packet{
		Wants:      "Vale\nY si solo devuelvo una bombilla del paquete, ¿me devolvéis la mitad?",
		Orders:     json.RawMessage(luciaOrders),
		Tried:      []string{"Devoluciones", "Reembolsos", "Cambios"},
		Promised:   "Los reembolsos llegan entre 5 y 7 días laborables después de que recibamos la devolución.",
		Draft:      "Los paquetes se devuelven completos: la bombilla suelta no se reembolsa por separado.",
		Why:        "La respuesta no era lo bastante segura para enviarla.",
		Confidence: 0.62, Threshold: 0.85, TurnID: "turn-unsure",
	})
}

func refundTurn(at time.Time) gateway.Record {
	return gateway.Record{
		ID: "turn-refund", ConversationID: Lucia, At: at, Attempt: 1, Outcome: gateway.OutcomeCommitted,
		Decision:  gateway.Decision{Kind: gateway.DecideReply, Rule: "confidence"},
		EventKeys: []string{"a1b2c3d4e5f60718"}, Messages: []string{"Hola! ¿Cuánto tardan los reembolsos?"},
		Language: "es", Query: "cuánto tardan los reembolsos",
		Candidates: []rag.Candidate{
			{ChunkID: "c1", DocumentID: "es/09-refunds", Version: "3f2a", Dense: 0.81, Lexical: 7.4, Score: 0.033, DenseRank: 1, LexicalRank: 1, Used: true},
			{ChunkID: "c2", DocumentID: "es/07-returns", Version: "77b1", Dense: 0.64, Lexical: 2.1, Score: 0.031, DenseRank: 2, LexicalRank: 4},
		},
		Passages: []rag.Passage{{
			ID: "c1", DocumentID: "es/09-refunds", Title: "Reembolsos", Heading: "Plazos", Locale: "es", Version: "3f2a",
			Source: "policies/es/09-refunds.md", Dense: 0.81, Lexical: 7.4, Score: 0.033,
			Text: "El reembolso llega entre 5 y 7 días laborables después de que recibamos la devolución, por el mismo medio de pago.",
		}},
		Draft: rag.Draft{Answer: "Los reembolsos llegan entre 5 y 7 días laborables después de que recibamos la devolución, por el mismo medio de pago.", Citations: []string{"c1"}, Locale: "es"},
		Sentences: []rag.Sentence{{
			Text:  "Los reembolsos llegan entre 5 y 7 días laborables después de que recibamos la devolución, por el mismo medio de pago.",
			Class: "policy", Backing: []string{"c1"}, Support: 0.97, OK: true,
		}},
		Checks:     []rag.Check{{Name: "citations", OK: true}, {Name: "numbers", OK: true}, {Name: "language", OK: true}},
		Confidence: 0.94, Threshold: 0.85, Features: map[string]float64{"overlap": 0.82, "dense": 0.81, "margin": 0.17},
		Calibration: "demo-2026-03", Model: "offline", Usage: rag.Usage{InputTokens: 412, OutputTokens: 38},
		Reply: "Los reembolsos llegan entre 5 y 7 días laborables después de que recibamos " +
			"la devolución, por el mismo medio de pago.\n\nFuente: Reembolsos",
		Stages: []rag.Stage{
			{Name: "orders", Took: 400 * time.Microsecond},
			{Name: "retrieve", Took: 6200 * time.Microsecond},
			{Name: "complete", Took: 3100 * time.Microsecond},
			{Name: "turn", Took: 11 * time.Millisecond},
		},
		Config: "9c1f04",
	}
}

func unsureTurn(at time.Time) gateway.Record {
	r := refundTurn(at)
	r.ID, r.Decision = "turn-unsure", gateway.Decision{
		Kind: gateway.DecideHandoff, Reason: gateway.ReasonLowConfidence, Rule: "confidence",
	}
	r.Messages = []string{"Vale", "Y si solo devuelvo una bombilla del paquete, ¿me devolvéis la mitad?"}
	r.Query = "devolver una bombilla del paquete reembolso de la mitad"
	r.Slips = []rag.Slip{{Word: "bombila", Meant: "bombilla"}, {Word: "pakete", Meant: "paquete"}}
	r.Draft.Answer = "Los paquetes se devuelven completos: la bombilla suelta no se reembolsa por separado."
	r.Parts = []rag.Part{{Text: "Vale", Covered: true}, {Text: "Y si solo devuelvo una bombilla del paquete, ¿me devolvéis la mitad?"}}
	r.Sentences = []rag.Sentence{
		{Text: "Los paquetes se devuelven completos: la bombilla suelta no se reembolsa por separado.", Class: "policy", Support: 0.41, Detail: "la mitad"},
	}
	r.Stale, r.Suggest = []string{"the index was split in another way"}, true
	r.Refusal = &rag.Refusal{Call: action.Call{Kind: action.StartReturn, Order: "#W2024117"}, Verdict: action.Verdict{Rule: "arguments", Missing: []string{"items"}}}
	r.Confidence = 0.62
	r.Checks = []rag.Check{{Name: "citations", OK: true}, {Name: "numbers", OK: false, Detail: "la mitad"}}
	r.Orders = rag.OrderFacts{Orders: []rag.Order{{Number: "#W2024117", Status: "shipped"}}}
	r.Reply = "Prefiero no adivinar, así que paso tu pregunta a una persona del equipo. Te responderá aquí mismo."
	return r
}

func addTom(s *Store, now time.Time) {
	at := now.Add(-52 * time.Minute)
	s.Put(conversation(Tom, "Tom Ashworth", "en", gateway.Identity{Phone: "447700900123", UserID: "GB.19283746"}, at))
	s.Say(Tom, In("t1", "My parcel never came and nobody calls me back. My lawyer will call you.", at))
	s.Say(Tom, Out("t2", "This needs a person. I'm passing it to our team right now. They will answer you here.",
		at.Add(2*time.Second), gateway.AuthorBot, gateway.DeliverySent))
	s.Decided(gateway.Record{
		ID: "turn-lawyer", ConversationID: Tom, At: at, Attempt: 1, Outcome: gateway.OutcomeCommitted,
		Decision: gateway.Decision{Kind: gateway.DecideHandoff, Reason: gateway.ReasonLegal, Rule: "triage"},
		Messages: []string{"My parcel never came and nobody calls me back. My lawyer will call you."}, Language: "en",
		Reply:  "This needs a person. I'm passing it to our team right now. They will answer you here.",
		Stages: []rag.Stage{{Name: "turn", Took: 90 * time.Microsecond}}, Config: "9c1f04",
	})
	s.handoff(TomHandoff, Tom, gateway.ReasonLegal, at.Add(2*time.Second), gateway.Packet{
		Wants:  "My parcel never came and nobody calls me back. My lawyer will call you.",
		Why:    "The customer speaks of lawyers, complaints or claims.",
		TurnID: "turn-lawyer",
	})
}

func addMarta(s *Store, now time.Time) {
	at := now.Add(-3 * time.Hour)
	c := conversation(Marta, "Marta 🌻", "es", gateway.Identity{Phone: "34600550199"}, at)
	s.Put(c)
	photo := In("m1", "", at)
	photo.Type = "image"
	s.Say(Marta, photo)
	s.handoff(MartaHandoff, Marta, gateway.ReasonUnreadable, at, gateway.Packet{
		Why: "El cliente ha enviado algo que no se puede leer automáticamente.",
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	i := s.find(MartaHandoff)
	// A queued handoff with an agent's name can always be claimed.
	done, err := gateway.Apply(s.handoffs[i], s.conversations[Marta], gateway.Action{
		HandoffID: MartaHandoff, Kind: gateway.ActionClaim, Agent: "ana", At: at.Add(time.Minute),
	})
	if err != nil {
		panic("desktest: " + err.Error())
	}
	s.handoffs[i], s.conversations[Marta] = done.Handoff, done.Conversation
}

func addPau(s *Store, now time.Time) {
	at := now.Add(-30 * time.Hour)
	s.Put(conversation(Pau, "", "es", gateway.Identity{UserID: "ES.55512340987"}, at))
	s.Say(Pau, In("p1", "quiero hablar con una persona", at))
	failed := Out("p2", "Claro. Te paso con una persona del equipo.", at.Add(time.Second), gateway.AuthorBot, gateway.DeliveryFailed)
	failed.Error = &gateway.SendError{Code: 131026, Title: "Message undeliverable"}
	s.Say(Pau, failed)
	s.handoff(PauHandoff, Pau, gateway.ReasonAskedForHuman, at.Add(time.Second), gateway.Packet{
		Wants: "quiero hablar con una persona", Why: "El cliente ha pedido hablar con una persona.",
	})
}

func addNora(s *Store, now time.Time) {
	at := now.Add(-2 * time.Minute)
	s.Put(conversation(Nora, "Nora", "en", gateway.Identity{Phone: "447700900777"}, at))
	s.Say(Nora, In("n1", "Do you ship to Norway?", at))
	s.Say(Nora, Out("n2", "Yes, to Norway in 4 to 8 working days.\n\nSource: International shipping",
		at.Add(time.Second), gateway.AuthorBot, gateway.DeliverySending))
}
