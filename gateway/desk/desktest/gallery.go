package desktest

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"time"

	"github.com/recado/recado/gateway"
)

// The ids in what Gallery adds.
const (
	// Sara's conversation holds one message of each kind. It is with the agent "ana".
	Sara        = "conversation-sara"
	SaraHandoff = "handoff-sara"
	// The ids of files: a photo, a voice note and a PDF of Sara's, a photo that an agent
	// sent, one that is on its way and one that can't be had.
	Photo    = "0195a000-0000-7000-8000-000000000001"
	Voice    = "0195a000-0000-7000-8000-000000000002"
	Invoice  = "0195a000-0000-7000-8000-000000000003"
	SentFile = "0195a000-0000-7000-8000-000000000004"
	Waiting  = "0195a000-0000-7000-8000-000000000005"
	Failed   = "0195a000-0000-7000-8000-000000000006"
)

// Gallery adds a conversation with a message of each kind, the templates and the
// alerts of a channel, and puts the content of files into the vault.
func Gallery(s *Store, v *Vault, now time.Time) {
	at := now.Add(-25 * time.Minute)
	c := conversation(Sara, "Sara Quintana", "es", gateway.Identity{Phone: "34600550144", UserID: "ES.44118822"}, at.Add(20*time.Minute))
	c.DoubtedAt, c.Marketing = at.Add(8*time.Minute), "stop"
	s.Put(c)
	g := gallery{store: s, vault: v, at: at}
	g.sales()
	g.delivery()
	g.rest()
	g.claim(at)
	account(s, now)
}

// gallery says messages one after the other.
type gallery struct {
	store *Store
	vault *Vault
	at    time.Time
	n     int
}

// in says something as the customer, with what fill adds.
func (g *gallery) in(kind, text string, fill func(*gateway.Message)) {
	g.n++
	id := g.id()
	m := In(id, text, g.at.Add(time.Duration(g.n)*20*time.Second))
	m.Type = kind
	m.Message = &gateway.Message{ProviderID: m.ProviderID, Type: kind, Text: text}
	if fill != nil {
		fill(m.Message)
	}
	g.store.Say(Sara, m)
}

// id names the next message: sB, sC and so on to sa.
func (g *gallery) id() string { return "s" + "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"[g.n:g.n+1] }

// out says something as the agent "ana".
func (g *gallery) out(text string, c *gateway.Content, quoted *gateway.Quote) {
	g.n++
	m := Out(g.id(), text, g.at.Add(time.Duration(g.n)*20*time.Second), gateway.AuthorAgent, gateway.DeliveryRead)
	m.Agent, m.Content, m.Quoted = "ana", c, quoted
	if c != nil {
		m.Type = string(c.Kind)
	}
	g.store.Say(Sara, m)
}

// file makes a stored file with content.
func (g *gallery) file(id, mime, name string, content []byte) *gateway.Media {
	m := gateway.Media{MIME: mime, Filename: name, FileID: id, State: gateway.FileStored, Type: mime, Size: int64(len(content))}
	g.keep(id, mime, content)
	g.store.AddFile(gateway.File{ID: id, ConversationID: Sara, Media: m})
	return &m
}

func (g *gallery) keep(id, mime string, content []byte) {
	if err := g.vault.Put(context.Background(), id, bytes.NewReader(content), int64(len(content)), mime); err != nil {
		panic("desktest: " + err.Error())
	}
}

func (g *gallery) sales() {
	g.in("text", "¡Hola! He visto la lámpara en vuestro anuncio. ¿La tenéis en nogal?", func(m *gateway.Message) {
		m.Referral = &gateway.Referral{
			Kind: "ad", Headline: "Lámpara Alba: luz cálida para tu salón", Body: "Esta semana con envío gratis.",
			URL: "https://anuncios.example.com/alba",
		}
		m.Product = &gateway.Product{ProductID: "LAMP-ALBA-NG", CatalogID: "4411"}
	})
	g.out("Sí, en nogal y en haya. ¿Cuál prefieres?", &gateway.Content{Kind: gateway.ContentButtons, Buttons: []gateway.Button{
		{ID: "button-1", Title: "Nogal"}, {ID: "button-2", Title: "Haya"},
	}}, nil)
	g.in("interactive", "Nogal", func(m *gateway.Message) {
		m.Choice, m.QuotedID = &gateway.Choice{ID: "button-1", Title: "Nogal"}, "wamid.sC"
		m.Quoted = &gateway.Quote{Author: gateway.AuthorAgent, Type: "buttons", Text: "Sí, en nogal y en haya. ¿Cuál prefieres?"}
	})
	g.in("order", "LAMP-ALBA-NG × 2", func(m *gateway.Message) {
		m.Cart = &gateway.Cart{CatalogID: "4411", Note: "Si puede ser, para el viernes.", Items: []gateway.CartItem{
			{ProductID: "LAMP-ALBA-NG", Quantity: "2", Price: "59.90", Currency: "EUR"},
		}}
	})
	g.out("Elige cuándo te viene bien la entrega:", &gateway.Content{
		Kind: gateway.ContentList, List: &gateway.List{Open: "Ver horarios", Sections: []gateway.ListSection{
			{Rows: []gateway.ListRow{{ID: "1", Title: "Viernes mañana", Description: "de 9 a 13 h"}, {ID: "2", Title: "Viernes tarde"}}},
		}},
	}, nil)
	g.in("interactive", "Viernes mañana\nde 9 a 13 h", func(m *gateway.Message) {
		m.Choice = &gateway.Choice{ID: "1", Title: "Viernes mañana", Description: "de 9 a 13 h"}
	})
	g.out("¿Dónde te la dejamos?", &gateway.Content{Kind: gateway.ContentAskLocation}, nil)
}

func (g *gallery) delivery() {
	g.in("location", "Portería\nCalle del Nogal 12, Madrid", func(m *gateway.Message) {
		m.Location = &gateway.Location{Latitude: 40.41678, Longitude: -3.70379, Name: "Portería", Address: "Calle del Nogal 12, Madrid"}
	})
	g.in("contacts", "Benito Sanz\n+34 600 55 01 77", func(m *gateway.Message) {
		m.Cards = []gateway.Card{{
			Name: "Benito Sanz", Organization: "Portería", Emails: []string{"benito@example.es"},
			Phones: []gateway.CardPhone{{Phone: "+34 600 55 01 77", WhatsApp: "34600550177"}},
		}}
	})
	g.in("image", "Llegó así la que pedí el mes pasado", func(m *gateway.Message) {
		m.Media = g.file(Photo, "image/png", "", picture(240, 150))
		m.Media.Words = "Una lámpara de madera con la pantalla abollada."
	})
	g.in("reaction", "🙏", func(m *gateway.Message) { m.QuotedID = "wamid.sC" })
	g.out("", &gateway.Content{Kind: gateway.ContentReaction, Reaction: &gateway.Reaction{MessageID: "wamid.sK", Emoji: "😢"}}, nil)
	g.out("Lo siento mucho. ¿Tienes la factura a mano?", nil,
		&gateway.Quote{Author: gateway.AuthorCustomer, Type: "image", Text: "Llegó así la que pedí el mes pasado"})
	g.in("document", "", func(m *gateway.Message) {
		m.Media = g.file(Invoice, "application/pdf", "Factura W2024117.pdf", []byte("%PDF-1.4\n%%EOF\n"))
		m.Forwarded = "forwarded"
	})
	g.in("audio", "", func(m *gateway.Message) {
		m.Media = g.file(Voice, "audio/ogg", "", []byte("OggS\x00\x02..................OpusHead\x01\x01"))
		m.Media.Voice, m.Media.Words = true, "Ahí la tenéis. Es del tres de febrero, y si puede ser prefiero que me la cambiéis."
	})
	g.keep(SentFile, "image/png", picture(320, 320))
	g.out("Esta es la de repuesto que te enviamos.", &gateway.Content{
		Kind: gateway.ContentImage, Media: &gateway.OutgoingMedia{FileID: SentFile, MIME: "image/png"},
	}, nil)
	g.in("image", "", func(m *gateway.Message) { m.Media = &gateway.Media{FileID: Waiting, State: gateway.FileWaiting} })
	g.in("video", "", func(m *gateway.Message) {
		m.Media = &gateway.Media{FileID: Failed, State: gateway.FileFailed, Error: &gateway.SendError{Title: "The channel does not have the file any more"}}
	})
}

func (g *gallery) rest() {
	g.in("interactive", "Talla: M", func(m *gateway.Message) {
		m.Form = json.RawMessage(`{"nombre":"Sara","dirección":{"calle":"Nogal 12","piso":4},"regalo":true,"flow_token":"x9"}`)
	})
	g.in("unsupported", "", func(m *gateway.Message) { m.Problem = &gateway.SendError{Code: 131051} })
	g.in("unsupported", "", func(m *gateway.Message) { m.Problem = &gateway.SendError{Code: 131060} })
	g.in("text", "", func(m *gateway.Message) { m.Deleted = true })
	g.in("text", "Os espero el viernes.", func(m *gateway.Message) { m.Edited = true })
	g.in("system", "", func(m *gateway.Message) { m.Was = &gateway.Identity{Phone: "34600550140"} })
	g.in("sticker", "", func(m *gateway.Message) {
		m.Media = g.file("0195a000-0000-7000-8000-000000000007", "image/png", "", picture(160, 160))
	})
	g.in("text", "Gracias 😊", func(m *gateway.Message) { m.QuotedID = "wamid.long-ago" })
	failed := Out("s-failed", "Aquí puedes seguir el envío:", g.at.Add(15*time.Minute), gateway.AuthorAgent, gateway.DeliveryFailed)
	failed.Agent, failed.Type = "ana", "link"
	failed.Content = &gateway.Content{Kind: gateway.ContentLink, Link: &gateway.Link{Title: "Seguir el envío", URL: "https://seguimiento.example.com/W2024117"}}
	failed.Error = &gateway.SendError{
		Code: 131056, Title: "Too many messages to this customer", Class: gateway.ErrorRate,
		Detail: "Message failed to send because there were too many messages sent from this phone number",
	}
	g.store.Say(Sara, failed)
}

// claim gives the conversation to the agent "ana".
func (g *gallery) claim(at time.Time) {
	g.store.handoff(SaraHandoff, Sara, gateway.ReasonMedia, at.Add(4*time.Minute), gateway.Packet{
		Wants: "Llegó así la que pedí el mes pasado", Why: "El cliente ha enviado un archivo que tiene que mirar una persona.",
	})
	g.store.claimBy("ana", SaraHandoff, at.Add(5*time.Minute))
}

// claimBy has an agent claim a handoff.
func (s *Store) claimBy(agent, handoffID string, at time.Time) {
	a := gateway.Action{HandoffID: handoffID, Kind: gateway.ActionClaim, Agent: agent, At: at}
	if _, err := s.Act(context.Background(), a); err != nil {
		panic("desktest: " + err.Error())
	}
}

// picture draws a lamp, more or less.
func picture(width, height int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.RGBA{235, uint8(226 - 40*y/height), uint8(205 - 70*y/height), 255}
			dx, dy := x-width/2, y-height/3
			switch {
			case dy > -height/6 && dy < height/6 && abs(dx) < width/10+(dy+height/6)/3:
				c = color.RGBA{247, 214, 120, 255}
			case dy >= height/6 && y < height*7/8 && abs(dx) < width/60+1, y >= height*7/8 && y < height*15/16 && abs(dx) < width/8:
				c = color.RGBA{106, 74, 46, 255}
			}
			m.SetRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic("desktest: " + err.Error())
	}
	return b.Bytes()
}

func abs(n int) int { return max(n, -n) }

// account is how the business account stands.
func account(s *Store, now time.Time) {
	templates := []gateway.Template{
		{
			Name: "agent_reply_available", Language: "es", Category: "UTILITY", Status: "APPROVED", Quality: "GREEN",
			Body:    "Hola, {{1}}. Ya tenemos una respuesta sobre {{2}}. ¿Quieres que sigamos por aquí?",
			Footer:  "Tienda Nogal",
			Buttons: []gateway.TemplateButton{{Type: "QUICK_REPLY", Text: "Sí, seguimos"}, {Type: "QUICK_REPLY", Text: "Ahora no"}},
		},
		{
			Name: "agent_reply_available", Language: "en_GB", Category: "UTILITY", Status: "APPROVED", Quality: "GREEN",
			Body: "Hello {{1}}, we have an answer about {{2}}. Shall we go on here?",
		},
		{
			Name: "order_update", Language: "es", Category: "UTILITY", Status: "APPROVED", Quality: "YELLOW", Named: true,
			HeaderFormat: "TEXT", Header: "Pedido {{pedido}}", Body: "Tu pedido {{pedido}} sale el {{fecha}}. Gracias por tu compra.",
			Buttons: []gateway.TemplateButton{{Type: "URL", Text: "Seguir", URL: "https://seguimiento.example.com/{{1}}"}},
		},
		{
			Name: "invoice", Language: "es", Category: "UTILITY", Status: "APPROVED", Quality: "UNKNOWN",
			HeaderFormat: "DOCUMENT", Body: "Aquí tienes la factura de tu compra.",
		},
		{Name: "spring_sale", Language: "es", Category: "MARKETING", Status: "APPROVED", Quality: "RED", Body: "Rebajas en toda la tienda."},
		{Name: "sign_in", Language: "es", Category: "AUTHENTICATION", Status: "APPROVED", Body: "Tu código es {{1}}."},
		{Name: "csat", Language: "es", Category: "UTILITY", Status: "PAUSED", Quality: "RED", Body: "¿Qué tal te hemos atendido?"},
	}
	for i := range templates {
		templates[i].SyncedAt = now.Add(-2 * time.Hour)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.templates = templates
	s.alerts = append(s.alerts, []gateway.Alert{
		{ID: "alert-name", Kind: "account_review_update", State: "APPROVED", Level: gateway.AlertInfo, At: now.Add(-72 * time.Hour)},
		{
			ID: "alert-yellow", Kind: "phone_number_quality_update", Subject: "+34 600 55 00 00", State: "YELLOW", Level: gateway.AlertWarning,
			At: now.Add(-50 * time.Hour),
		},
		{
			ID: "alert-red", Kind: "phone_number_quality_update", Subject: "+34 600 55 00 00", State: "RED", Level: gateway.AlertWarning,
			At: now.Add(-26 * time.Hour), SeenBy: "bea", SeenAt: now.Add(-25 * time.Hour),
		},
		{
			ID: "alert-paused", Kind: "message_template_status_update", Subject: "csat (es)", State: "PAUSED", Level: gateway.AlertWarning,
			Detail: "PAUSED_FOR_LOW_QUALITY", At: now.Add(-3 * time.Hour),
		},
		{ID: "alert-circuit", Kind: "circuit", Subject: "100200300", State: "OPEN", Level: gateway.AlertCritical, Detail: "190: access token expired", At: now.Add(-4 * time.Minute)},
	}...)
}
