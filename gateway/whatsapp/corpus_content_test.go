package whatsapp

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

// part takes one part of what a message may hold.
func part[T any](of func(*gateway.Message) *T, part func(*T) string) func(*gateway.Message) []string {
	return func(m *gateway.Message) []string {
		if of(m) == nil {
			return nil
		}
		return []string{part(of(m))}
	}
}

func media(of func(*gateway.Media) string) func(*gateway.Message) []string {
	return part(func(m *gateway.Message) *gateway.Media { return m.Media }, of)
}

func choiceOf(of func(*gateway.Choice) string) func(*gateway.Message) []string {
	return part(func(m *gateway.Message) *gateway.Choice { return m.Choice }, of)
}

func referralOf(of func(*gateway.Referral) string) func(*gateway.Message) []string {
	return part(func(m *gateway.Message) *gateway.Referral { return m.Referral }, of)
}

func locationOf(of func(*gateway.Location) string) func(*gateway.Message) []string {
	return part(func(m *gateway.Message) *gateway.Location { return m.Location }, of)
}

func productOf(of func(*gateway.Product) string) func(*gateway.Message) []string {
	return part(func(m *gateway.Message) *gateway.Product { return m.Product }, of)
}

func quoted(m *gateway.Message) []string { return []string{m.QuotedID} }

// each takes one part of each element of a list.
func each[T any](list func(*gateway.Message) []T, part func(T) string) func(*gateway.Message) []string {
	return func(m *gateway.Message) []string {
		var all []string
		for _, element := range list(m) {
			all = append(all, part(element))
		}
		return all
	}
}

func allPhones(m *gateway.Message) []gateway.CardPhone {
	var all []gateway.CardPhone
	for _, card := range m.Cards {
		all = append(all, card.Phones...)
	}
	return all
}

func cartItems(m *gateway.Message) []gateway.CartItem {
	if m.Cart == nil {
		return nil
	}
	return m.Cart.Items
}

// values are the places of all that a message holds beside its text, and where the
// event has them.
var values = func() map[string]func(*gateway.Message) []string {
	choiceID := choiceOf(func(c *gateway.Choice) string { return c.ID })
	all := map[string]func(*gateway.Message) []string{
		"interactive.button_reply.id":                  choiceID,
		"interactive.list_reply.id":                    choiceID,
		"button.payload":                               choiceID,
		"interactive.list_reply.description":           choiceOf(func(c *gateway.Choice) string { return c.Description }),
		"document.filename":                            media(func(f *gateway.Media) string { return f.Filename }),
		"location.latitude":                            locationOf(func(l *gateway.Location) string { return fmt.Sprint(l.Latitude) }),
		"location.longitude":                           locationOf(func(l *gateway.Location) string { return fmt.Sprint(l.Longitude) }),
		"location.url":                                 locationOf(func(l *gateway.Location) string { return l.URL }),
		"contacts.*.name.formatted_name":               each(func(m *gateway.Message) []gateway.Card { return m.Cards }, func(c gateway.Card) string { return c.Name }),
		"contacts.*.phones.*.phone":                    each(allPhones, func(p gateway.CardPhone) string { return p.Phone }),
		"contacts.*.phones.*.wa_id":                    each(allPhones, func(p gateway.CardPhone) string { return p.WhatsApp }),
		"order.catalog_id":                             part(func(m *gateway.Message) *gateway.Cart { return m.Cart }, func(c *gateway.Cart) string { return c.CatalogID }),
		"order.product_items.*.product_retailer_id":    each(cartItems, func(i gateway.CartItem) string { return i.ProductID }),
		"order.product_items.*.quantity":               each(cartItems, func(i gateway.CartItem) string { return i.Quantity }),
		"order.product_items.*.item_price":             each(cartItems, func(i gateway.CartItem) string { return i.Price }),
		"order.product_items.*.currency":               each(cartItems, func(i gateway.CartItem) string { return i.Currency }),
		"context.id":                                   quoted,
		"reaction.message_id":                          quoted,
		"edit.original_message_id":                     quoted,
		"revoke.original_message_id":                   quoted,
		"context.referred_product.catalog_id":          productOf(func(p *gateway.Product) string { return p.CatalogID }),
		"context.referred_product.product_retailer_id": productOf(func(p *gateway.Product) string { return p.ProductID }),
		"referral.source_id":                           referralOf(func(r *gateway.Referral) string { return r.SourceID }),
		"referral.source_type":                         referralOf(func(r *gateway.Referral) string { return r.Kind }),
		"referral.source_url":                          referralOf(func(r *gateway.Referral) string { return r.URL }),
		"referral.headline":                            referralOf(func(r *gateway.Referral) string { return r.Headline }),
		"referral.body":                                referralOf(func(r *gateway.Referral) string { return r.Body }),
		"referral.ctwa_clid":                           referralOf(func(r *gateway.Referral) string { return r.ClickID }),
		"referral.image_url":                           referralOf(func(r *gateway.Referral) string { return r.MediaURL }),
		"referral.welcome_message.text":                referralOf(func(r *gateway.Referral) string { return r.Welcome }),
		"errors.*.code":                                part(func(m *gateway.Message) *gateway.SendError { return m.Problem }, func(e *gateway.SendError) string { return fmt.Sprint(e.Code) }),
		"type": func(m *gateway.Message) []string {
			if m.Type == callPermission {
				return []string{"interactive"}
			}
			return []string{m.Type}
		},
		"system.body": func(m *gateway.Message) []string { return []string{m.Text} },
	}
	for _, kind := range []string{"image", "video", "audio", "document", "sticker", "edit.message.image"} {
		all[kind+".id"] = media(func(f *gateway.Media) string { return f.ProviderID })
		all[kind+".mime_type"] = media(func(f *gateway.Media) string { return f.MIME })
	}
	return all
}()

// messagesOf gives every message of the corpus with the item that it was read from.
func messagesOf(t testing.TB, see func(name string, e gateway.Event, item map[string]any)) {
	t.Helper()
	for name, raw := range corpus(t) {
		if !isEnvelope(raw) {
			continue
		}
		events, err := Parse(raw, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			var item map[string]any
			if err := json.Unmarshal(e.Raw, &item); err != nil {
				t.Fatal(err)
			}
			see(name, e, item)
		}
	}
}

// TestCorpusContent: whatever a payload holds is in the event, where it belongs.
func TestCorpusContent(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	messagesOf(t, func(name string, e gateway.Event, item map[string]any) {
		if e.Message == nil {
			return
		}
		for path, get := range values {
			want := find(item, strings.Split(path, "."))
			if len(want) == 0 || strings.HasPrefix(want[0], "LOCATION_L") {
				continue
			}
			seen[path]++
			if diff := cmp.Diff(want, get(e.Message)); diff != "" {
				t.Errorf("%s: %s: %s", name, path, diff)
			}
		}
		flags(t, name, e.Message, item)
	})
	for path := range values {
		if seen[path] == 0 && path != "location.url" {
			t.Errorf("no payload has %s", path)
		}
	}
}

// flags compares what is no text: hashes, marks and forms.
func flags(t testing.TB, name string, m *gateway.Message, item map[string]any) {
	t.Helper()
	file, _ := item[m.Type].(map[string]any)
	if sum, ok := file["sha256"].(string); ok && m.Media != nil {
		want := ""
		if b, err := base64.StdEncoding.DecodeString(sum); err == nil && len(b) == 32 {
			want = hex.EncodeToString(b)
		}
		if m.Media.SHA256 != want {
			t.Errorf("%s: hash %q of %q", name, m.Media.SHA256, sum)
		}
	}
	if m.Media != nil && (m.Media.Voice != (file["voice"] == true) || m.Media.Animated != (file["animated"] == true)) {
		t.Errorf("%s: %+v", name, m.Media)
	}
	context, _ := item["context"].(map[string]any)
	often, once := context["frequently_forwarded"] == true, context["forwarded"] == true
	if (m.Forwarded == "frequently_forwarded") != often || (m.Forwarded == "forwarded") != (once && !often) {
		t.Errorf("%s: forwarded %q", name, m.Forwarded)
	}
	if answers := find(item, []string{"interactive", "nfm_reply", "response_json"}); len(answers) == 1 {
		var got, want any
		if json.Unmarshal(m.Form, &got) != nil || json.Unmarshal([]byte(answers[0]), &want) != nil || !cmp.Equal(got, want) {
			t.Errorf("%s: form %s", name, m.Form)
		}
	}
}

// TestCorpusKinds: each item is the kind of event that it should be, with all it needs.
func TestCorpusKinds(t *testing.T) {
	t.Parallel()
	seen := map[gateway.EventKind]int{}
	messagesOf(t, func(name string, e gateway.Event, item map[string]any) {
		seen[e.Kind]++
		if want := kindOf(item, e); e.Kind != want {
			t.Errorf("%s: %s instead of %s", name, e.Kind, want)
		}
		if _, made := item["all"]; e.BodyTo == 0 && !made {
			t.Errorf("%s: an item is nowhere in its body", name)
		}
		if errs, ok := item["errors"]; ok && e.Status != nil {
			var got any
			if json.Unmarshal(e.Status.Errors, &got) != nil || !cmp.Equal(got, errs) || e.Status.Error == nil {
				t.Errorf("%s: errors %s", name, e.Status.Errors)
			}
		}
		if e.Alert != nil && (e.Alert.Kind != item["field"] || e.Alert.State == "" && e.Alert.Template == nil || e.Alert.Detail == "") {
			t.Errorf("%s: alert %+v", name, e.Alert)
		}
		if s, ok := item["system"].(map[string]any); ok {
			checkChange(t, name, e, item["from"].(string), s)
		}
	})
	for _, kind := range []gateway.EventKind{
		gateway.EventMessage, gateway.EventStatus, gateway.EventEcho, gateway.EventSignal, gateway.EventPreference,
		gateway.EventAlert, gateway.EventNotice,
	} {
		if seen[kind] == 0 {
			t.Errorf("no payload is a %s", kind)
		}
	}
}

// checkChange holds that a change of number names the old and the new one, and anything
// else that the channel tells of a person only that person.
func checkChange(t testing.TB, name string, e gateway.Event, from string, system map[string]any) {
	t.Helper()
	if system["type"] != "user_changed_number" {
		if e.From.Phone != from || e.Message.Was != nil {
			t.Errorf("%s: from %+v, %+v", name, e.From, e.Message.Was)
		}
		return
	}
	if customer, ok := system["customer"].(string); ok {
		from = customer
	}
	if e.Message.Was == nil || *e.Message.Was != identity(from, "") || e.From != identity(system["wa_id"].(string), "") {
		t.Errorf("%s: from %+v, %+v", name, e.From, e.Message.Was)
	}
}

// kindOf tells the kind from what an item looks like.
func kindOf(item map[string]any, e gateway.Event) gateway.EventKind {
	_, sent := item["status"]
	_, wish := item["category"]
	_, field := item["field"]
	asked := find(item, []string{"interactive", "type"})
	switch kind := fmt.Sprint(item["type"]); {
	case field && slices.Contains(slices.Collect(maps.Keys(alertFields)), item["field"].(string)):
		return gateway.EventAlert
	case field, item["code"] != nil, item["all"] != nil:
		return gateway.EventNotice
	case sent:
		return gateway.EventStatus
	case wish:
		return gateway.EventPreference
	case strings.HasPrefix(e.Key, "echo|"):
		return gateway.EventEcho
	case slices.Contains([]string{"system", "edit", "revoke", "request_welcome"}, kind), slices.Contains(asked, callPermission):
		return gateway.EventSignal
	}
	return gateway.EventMessage
}
