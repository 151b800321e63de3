package whatsapp_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/whatsapp"
	"github.com/recado/recado/gateway/whatsapp/cloudsim"
)

const (
	shopNumber = "106540352242922"
	lucia      = "34600550101"
)

// world is the emulator with a client of it. Its customer has just written.
type world struct {
	*cloudsim.Simulator
	config   whatsapp.ClientConfig
	client   *whatsapp.Client
	webhooks chan []byte
	message  string // the customer's
}

func newWorld(t *testing.T, change func(*cloudsim.Config)) *world {
	t.Helper()
	w := &world{webhooks: make(chan []byte, 1000)}
	shop := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		w.webhooks <- body
	}))
	t.Cleanup(shop.Close)
	c := cloudsim.Config{
		WebhookURL: shop.URL, AppSecret: "hush", AccessToken: "EAAtoken", PhoneNumberID: shopNumber,
		Customers: []cloudsim.Customer{{Phone: lucia, Name: "Lucía"}}, Limits: cloudsim.Limits{PairSeconds: -1, NumberPerSecond: -1},
	}
	if change != nil {
		change(&c)
	}
	var err error
	if w.Simulator, err = cloudsim.New(c); err != nil {
		t.Fatal(err)
	}
	graph := httptest.NewServer(w.Simulator)
	t.Cleanup(graph.Close)
	w.config = whatsapp.ClientConfig{BaseURL: graph.URL + "/v25.0", Token: "EAAtoken", PhoneNumberID: shopNumber, Files: w.open(t)}
	if w.client, err = whatsapp.NewClient(w.config); err != nil {
		t.Fatal(err)
	}
	if w.message, err = w.Say(t.Context(), lucia, "Hola"); err != nil {
		t.Fatal(err)
	}
	return w
}

// open gives the shop's own files.
func (w *world) open(t *testing.T) func(context.Context, string) (io.ReadCloser, error) {
	files := map[string][]byte{
		"photo": drawn(t), "voice": append([]byte("OggS"), make([]byte, 200)...), "film": make([]byte, 100), "invoice": []byte("%PDF-1.7"),
		"sticker": []byte("RIFF\x10\x00\x00\x00WEBPVP8 0000"),
	}
	return func(_ context.Context, id string) (io.ReadCloser, error) {
		if content, ok := files[id]; ok {
			return io.NopCloser(bytes.NewReader(content)), nil
		}
		return nil, gateway.ErrNotFound
	}
}

func drawn(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 20, 10))); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// run delivers the webhooks until the test ends.
func (w *world) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// events waits for the first event that fits.
func (w *world) event(t *testing.T, fits func(gateway.Event) bool) gateway.Event {
	t.Helper()
	for {
		select {
		case body := <-w.webhooks:
			events, err := whatsapp.Parse(body, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				if fits(e) {
					return e
				}
			}
		case <-time.After(20 * time.Second):
			t.Fatal("the webhook did not come")
		}
	}
}

// send sends to the customer and wants it taken.
func (w *world) send(t *testing.T, name, text string, c *gateway.Content, quote string) {
	t.Helper()
	o := &gateway.Outgoing{
		ID: gateway.NewID(), Channel: shopNumber, To: gateway.Identity{Phone: lucia}, Text: text, Content: c, QuoteID: quote, Attempt: 1,
	}
	r, err := w.client.Send(t.Context(), o)
	if err != nil || r.Outcome != gateway.SendAccepted {
		t.Errorf("%s: %s %+v %s", name, r.Outcome, r.Error, r.Payload)
		return
	}
}

// The emulator, which checks what the channel checks, takes a message of each kind,
// with files of ours.
func TestEmulatorTakesEveryKind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	own := func(id, mime string) *gateway.OutgoingMedia { return &gateway.OutgoingMedia{FileID: id, MIME: mime} }
	header := func(kind gateway.ContentKind, id, mime string) *gateway.OutgoingMedia {
		return &gateway.OutgoingMedia{Kind: kind, FileID: id, MIME: mime, Filename: "a.pdf"}
	}
	for name, c := range map[string]struct {
		text string
		c    gateway.Content
	}{
		"text":    {"Mira https://t.es", gateway.Content{}},
		"buttons": {"a", gateway.Content{Kind: "buttons", Footer: "f", HeaderMedia: header("image", "photo", "image/png"), Buttons: []gateway.Button{{ID: "1", Title: "A"}}}},
		"list": {"a", gateway.Content{Kind: "list", Header: "h", List: &gateway.List{Open: "o", Sections: []gateway.ListSection{
			{Title: "s", Rows: []gateway.ListRow{{ID: "1", Title: "A", Description: "d"}}}, {Title: "t", Rows: []gateway.ListRow{{ID: "2", Title: "B"}}},
		}}}},
		"link":               {"a", gateway.Content{Kind: "link", HeaderMedia: header("document", "invoice", "application/pdf"), Link: &gateway.Link{Title: "t", URL: "https://t.es"}}},
		"asks for a place":   {"a", gateway.Content{Kind: "location_request"}},
		"asks for a phone":   {"a", gateway.Content{Kind: "contact_request"}},
		"image":              {"a", gateway.Content{Kind: "image", Media: own("photo", "image/png")}},
		"image of no type":   {"a", gateway.Content{Kind: "image", Media: own("photo", "")}},
		"image by a link":    {"", gateway.Content{Kind: "image", Media: &gateway.OutgoingMedia{URL: "https://t.es/p.png"}}},
		"video":              {"a", gateway.Content{Kind: "video", Media: own("film", "video/mp4")}},
		"voice note":         {"", gateway.Content{Kind: "audio", Media: &gateway.OutgoingMedia{FileID: "voice", MIME: "audio/opus", Voice: true}}},
		"document":           {"a", gateway.Content{Kind: "document", Media: header("", "invoice", "application/pdf")}},
		"sticker":            {"", gateway.Content{Kind: "sticker", Media: own("sticker", "image/webp")}},
		"place":              {"", gateway.Content{Kind: "location", Location: &gateway.Location{Latitude: 40, Longitude: -3, Name: "n", Address: "a"}}},
		"cards":              {"", gateway.Content{Kind: "contacts", Cards: []gateway.Card{{Name: "Marta Ruiz", Phones: []gateway.CardPhone{{Phone: "1", WhatsApp: "1"}}}}}},
		"reaction":           {"", gateway.Content{Kind: "reaction", Reaction: &gateway.Reaction{MessageID: w.message, Emoji: "👍"}}},
		"reaction taken off": {"", gateway.Content{Kind: "reaction", Reaction: &gateway.Reaction{MessageID: w.message}}},
	} {
		w.send(t, name, c.text, &c.c, "")
		w.send(t, name+", quoting", c.text, &c.c, w.message)
	}
	w.run(t)
	// Each was sent twice, and reactions are not told to be delivered.
	for delivered := 0; delivered < 2*(17-2); {
		w.event(t, func(e gateway.Event) bool {
			if e.Status != nil && e.Status.Error != nil {
				t.Errorf("one failed later: %+v", e.Status.Error)
			}
			if e.Status != nil && e.Status.State == gateway.DeliveryDelivered {
				delivered++
			}
			return e.Status != nil
		})
	}
}

// What a customer sends comes through both hops, and is what they sent.
func TestEmulatorFiles(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	w.run(t)
	content := drawn(t)
	if _, err := w.Act(t.Context(), cloudsim.Action{Customer: lucia, Type: "image", Data: content, MIMEType: "image/png"}); err != nil {
		t.Fatal(err)
	}
	e := w.event(t, func(e gateway.Event) bool { return e.Message != nil && e.Message.Media != nil })
	f := &gateway.File{ID: "f", Channel: e.Channel, Media: *e.Message.Media}
	var got bytes.Buffer
	if err := w.client.Fetch(t.Context(), f, &got, 1<<20); err != nil || !bytes.Equal(got.Bytes(), content) {
		t.Errorf("%d bytes, %v", got.Len(), err)
	}
	if err := w.client.Fetch(t.Context(), f, io.Discard, int64(len(content)-1)); !errors.Is(err, gateway.ErrFileTooLarge) {
		t.Errorf("too large: %v", err)
	}
	for faults, want := range map[string]error{`{"media_corrupt":true}`: gateway.ErrFileDamaged, `{"media_status":404}`: gateway.ErrFileGone} {
		w.control(t, "/control/faults", faults)
		if err := w.client.Fetch(t.Context(), f, io.Discard, 1<<20); !errors.Is(err, want) {
			t.Errorf("%s: %v", faults, err)
		}
	}
	w.control(t, "/control/faults", `{"media_status":404,"next":1}`)
	if err := w.client.Fetch(t.Context(), f, io.Discard, 1<<20); err != nil {
		t.Errorf("an address that has run out once: %v", err)
	}
	f.Media.ProviderID, f.Attempt = "1", 3
	if err := w.client.Fetch(t.Context(), f, io.Discard, 1<<20); !errors.Is(err, gateway.ErrFileGone) {
		t.Errorf("no such file: %v", err)
	}
}

func (w *world) control(t *testing.T, path, body string) {
	t.Helper()
	answer := httptest.NewRecorder()
	w.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, path, strings.NewReader(body)))
	if answer.Code != http.StatusOK {
		t.Fatalf("%s: %s", path, answer.Body)
	}
}

func TestEmulatorTyping(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	if err := w.client.Typing(t.Context(), shopNumber, w.message); err != nil {
		t.Error(err)
	}
	var refused *whatsapp.AccountError
	if err := w.client.Typing(t.Context(), shopNumber, "wamid.NONE"); !errors.As(err, &refused) || refused.Code != 131009 {
		t.Errorf("%v", err)
	}
}

// shipped has everything that a template can have of ours.
func shipped() []cloudsim.Template {
	return []cloudsim.Template{
		{Name: "shipped", Language: "es", Format: "NAMED", Category: "UTILITY", Components: []cloudsim.TemplateComponent{
			{Type: "HEADER", Format: "IMAGE"},
			{Type: "BODY", Text: "Hola {{name}}, {{order_id}} va de camino."},
			{Type: "FOOTER", Text: "Tienda"},
			{Type: "BUTTONS", Buttons: []cloudsim.TemplateButton{{Type: "QUICK_REPLY", Text: "Vale"}, {Type: "URL", Text: "Ver", URL: "https://t.es/{{1}}"}}},
		}},
		{Name: "offer", Language: "en", Category: "MARKETING", Components: []cloudsim.TemplateComponent{
			{Type: "HEADER", Format: "TEXT", Text: "Hi {{1}}"},
			{Type: "BODY", Text: "Your code, {{1}}, is good until {{2}}."},
			{Type: "BUTTONS", Buttons: []cloudsim.TemplateButton{{Type: "COPY_CODE", Text: "Copy"}}},
		}},
		{Name: "where", Language: "es", Components: []cloudsim.TemplateComponent{{Type: "HEADER", Format: "LOCATION"}, {Type: "BODY", Text: "Estamos aquí."}}},
		{Name: "code", Language: "es", Category: "AUTHENTICATION", Components: []cloudsim.TemplateComponent{
			{Type: "BODY", Text: "Tu código es {{1}}."}, {Type: "BUTTONS", Buttons: []cloudsim.TemplateButton{{Type: "URL", Text: "Copiar", URL: "https://t.es/otp?code={{1}}"}}},
		}},
	}
}

// Templates are synced as the emulator lists them, over several pages, and sent with
// values that fit.
func TestEmulatorTemplates(t *testing.T) {
	t.Parallel()
	many := shipped()
	for i := range 230 {
		many = append(many, cloudsim.Template{Name: fmt.Sprintf("more_%d", i), Language: "es", Status: "PAUSED", Components: []cloudsim.TemplateComponent{{Type: "BODY", Text: "Hola"}}})
	}
	w := newWorld(t, func(c *cloudsim.Config) { c.Templates = many })
	account, err := whatsapp.NewAccount(w.config)
	if err != nil {
		t.Fatal(err)
	}
	list, err := account.SyncTemplates(t.Context(), cloudsim.DefaultAccountID(shopNumber))
	if err != nil || len(list) != len(many) {
		t.Fatalf("%d templates, %v", len(list), err)
	}
	byName := map[string]gateway.Template{}
	for _, synced := range list {
		if synced.SyncedAt.IsZero() {
			t.Errorf("%s has no time", synced.Name)
		}
		synced.SyncedAt = time.Time{}
		byName[synced.Name] = synced
	}
	want := gateway.Template{
		Name: "shipped", Language: "es", Category: "UTILITY", Status: "APPROVED", Quality: "UNKNOWN", Named: true, HeaderFormat: "IMAGE",
		Body: "Hola {{name}}, {{order_id}} va de camino.", Footer: "Tienda",
		Buttons: []gateway.TemplateButton{{Type: "QUICK_REPLY", Text: "Vale"}, {Type: "URL", Text: "Ver", URL: "https://t.es/{{1}}"}},
	}
	if diff := cmp.Diff(want, byName["shipped"]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, use := range []gateway.TemplateUse{
		{
			Name: "shipped", Language: "es", HeaderMedia: &gateway.OutgoingMedia{Kind: "image", FileID: "photo", MIME: "image/png"},
			Body:    []gateway.TemplateValue{{Name: "order_id", Text: "A-17"}, {Name: "name", Text: "Lucía"}},
			Buttons: []gateway.TemplateButtonValue{{Index: 1, Value: "A-17"}, {Index: 0, Value: "fine"}},
		},
		{
			Name: "offer", Language: "en", Header: []gateway.TemplateValue{{Text: "Lucía"}}, Body: []gateway.TemplateValue{{Text: "X"}, {Text: "Monday"}},
			Buttons: []gateway.TemplateButtonValue{{Value: "OFF10"}},
		},
		{Name: "where", Language: "es", HeaderLocation: &gateway.Location{Latitude: 40, Longitude: -3, Name: "Tienda"}},
		{Name: "code", Language: "es", Body: []gateway.TemplateValue{{Text: "123"}}, Buttons: []gateway.TemplateButtonValue{{Value: "123"}}},
	} {
		if err := gateway.CheckTemplate(byName[use.Name], use); err != nil {
			t.Error(err)
		}
		complete := gateway.CompleteTemplate(byName[use.Name], use)
		w.send(t, use.Name, "", &gateway.Content{Kind: gateway.ContentTemplate, Template: &complete}, "")
	}
}

// titles are short and long ones, with much that is the same.
func titles() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.StringMatching(`[ab] ?[ab]`), rapid.StringN(1, 30, -1),
		rapid.Map(rapid.IntRange(15, 300), func(n int) string { return strings.Repeat("ñ", n) }),
		rapid.Map(rapid.IntRange(15, 30), func(n int) string { return strings.Repeat("👍", n) + "\xff" }),
	)
}

func anyMedia(r *rapid.T, kind gateway.ContentKind) *gateway.OutgoingMedia {
	m := &gateway.OutgoingMedia{Kind: kind, Filename: titles().Draw(r, "filename"), Voice: rapid.Bool().Draw(r, "voice")}
	if rapid.Bool().Draw(r, "by link") {
		m.URL = "https://t.es/f"
	} else {
		m.ProviderID = "77"
	}
	return m
}

// anyContent draws a message; not all of them may be sent.
func anyContent(r *rapid.T) (string, *gateway.Content) {
	kinds := []gateway.ContentKind{
		"", "text", "buttons", "list", "link", "location_request", "contact_request", "image", "video", "audio", "document", "sticker",
		"location", "contacts", "reaction", "template",
	}
	c := &gateway.Content{Kind: rapid.SampledFrom(kinds).Draw(r, "kind")}
	text := rapid.OneOf(rapid.Just(""), titles(), rapid.StringN(1, 4100, -1), rapid.SampledFrom([]string{"# #", "**", "**a**"})).Draw(r, "text")
	c.Footer = rapid.OneOf(rapid.Just(""), titles()).Draw(r, "footer")
	if rapid.Bool().Draw(r, "media above") && (c.Kind == "buttons" || c.Kind == "link") {
		c.HeaderMedia = anyMedia(r, rapid.SampledFrom([]gateway.ContentKind{"image", "video", "document"}).Draw(r, "header kind"))
	} else {
		c.Header = rapid.OneOf(rapid.Just(""), titles()).Draw(r, "header")
	}
	switch c.Kind {
	case "audio", "sticker", "location", "contacts", "reaction":
		text = ""
	default:
	}
	for range rapid.IntRange(1, 3).Draw(r, "buttons") {
		c.Buttons = append(c.Buttons, gateway.Button{ID: titles().Draw(r, "id"), Title: titles().Draw(r, "title")})
	}
	c.List = &gateway.List{Open: titles().Draw(r, "open")}
	for range rapid.IntRange(1, 11).Draw(r, "sections") {
		s := gateway.ListSection{Title: titles().Draw(r, "section")}
		for range rapid.IntRange(1, 2).Draw(r, "rows") {
			s.Rows = append(s.Rows, gateway.ListRow{ID: titles().Draw(r, "id"), Title: titles().Draw(r, "title"), Description: rapid.StringN(0, 100, -1).Draw(r, "description")})
		}
		c.List.Sections = append(c.List.Sections, s)
	}
	c.Link = &gateway.Link{Title: titles().Draw(r, "link"), URL: "https://t.es/?a=<b>&c"}
	c.Media = anyMedia(r, "")
	c.Location = &gateway.Location{Latitude: rapid.Float64Range(-90, 90).Draw(r, "latitude"), Longitude: rapid.Float64Range(-180, 180).Draw(r, "longitude"), Name: titles().Draw(r, "place")}
	c.Cards = []gateway.Card{{Name: titles().Draw(r, "name"), Organization: titles().Draw(r, "company"), Phones: []gateway.CardPhone{{WhatsApp: "1"}}, Emails: []string{"a@b.c"}}}
	c.Reaction = &gateway.Reaction{MessageID: "wamid.1", Emoji: rapid.SampledFrom([]string{"", "👍", "❤️", "👨‍👩‍👧"}).Draw(r, "emoji")}
	c.Template = &gateway.TemplateUse{Name: "t", Language: "es", Body: []gateway.TemplateValue{{Text: titles().Draw(r, "value") + " \n\t     x"}}}
	return text, c
}

// Whatever passes gateway.CheckContent gives a body that the emulator takes, and that
// is within the channel's limits.
func TestAnyContentIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *cloudsim.Config) { c.Lenient = true })
	sent := map[gateway.ContentKind]int{}
	rapid.Check(t, func(r *rapid.T) {
		text, content := anyContent(r)
		if gateway.CheckContent(text, content) != nil {
			return
		}
		o := &gateway.Outgoing{ID: "o", To: gateway.Identity{Phone: lucia}, Text: text, Content: content}
		result, err := w.client.Send(t.Context(), o)
		if err != nil || result.Outcome != gateway.SendAccepted {
			r.Fatalf("%+v %s", result.Error, result.Payload)
		}
		var body any
		if err := json.Unmarshal(result.Payload, &body); err != nil {
			r.Fatal(err)
		}
		if wrong := tooLong("", body); wrong != "" {
			r.Fatalf("%s: %s", wrong, result.Payload)
		}
		sent[o.Kind()]++
	})
	if len(sent) < 10 {
		t.Errorf("only these were sent: %v", sent)
	}
}

// limits are those of the channel, in characters, by the end of a member's path.
var limits = map[string]int{
	"text.body": 4096, "interactive.body.text": 4096, ".caption": 1024, "header.text": 60, "footer.text": 60, "reply.title": 20, "reply.id": 256,
	"action.button": 20, "rows.title": 24, "rows.id": 200, "rows.description": 72, "sections.title": 24, "parameters.display_text": 20,
}

// tooLong names a text that is over its limit, or has a break where the channel wants
// a line.
func tooLong(at string, v any) string {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if wrong := tooLong(at+"."+name, inner); wrong != "" {
				return wrong
			}
		}
	case []any:
		for _, element := range v {
			if wrong := tooLong(at, element); wrong != "" {
				return wrong
			}
		}
	case string:
		for end, limit := range limits {
			if strings.HasSuffix(at, end) && utf8.RuneCountInString(v) > limit {
				return at
			}
		}
		if strings.Contains(at, "parameters.text") && (strings.ContainsAny(v, "\n\r\t") || strings.Contains(v, "     ")) {
			return at
		}
	}
	return ""
}
