package whatsapp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

// change makes a webhook with one change of that field.
func change(field, value string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"102","time":1764072000,`+
		`"changes":[{"field":%q,"value":%s}]}]}`, field, value)
}

func person(phone, userID string) gateway.Identity {
	return gateway.Identity{Phone: phone, UserID: userID}
}

// TestChanges: a change of number or user id names who they were and who they are.
func TestChanges(t *testing.T) {
	t.Parallel()
	const old, other, user, newUser = "34600111222", "34600333444", "ES.old", "ES.new"
	was := func(phone, userID string) *gateway.Identity { return &gateway.Identity{Phone: phone, UserID: userID} }
	for name, c := range map[string]struct {
		message string
		from    gateway.Identity
		was     *gateway.Identity
	}{
		"number": {`"from":"34600111222","system":{"type":"user_changed_number","wa_id":"34600333444"}`, person(other, ""), was(old, "")},
		"number and user id": {
			`"from":"34600111222","from_user_id":"ES.old","system":{"type":"user_changed_number","wa_id":"34600333444","user_id":"ES.new"}`,
			person(other, newUser), was(old, user),
		},
		"both spellings": {
			`"from":"34600111222","system":{"type":"user_changed_number","wa_id":"34600333444","new_wa_id":"34600333444"}`,
			person(other, ""), was(old, ""),
		},
		"old way":       {`"from":"34600111222","system":{"type":"customer_changed_number","new_wa_id":"+34 600 333 444"}`, person(other, ""), was(old, "")},
		"customer":      {`"from":"34600333444","system":{"type":"customer_changed_number","wa_id":"34600333444","customer":"34600111222"}`, person(other, ""), was(old, "")},
		"without from":  {`"system":{"type":"user_changed_number","wa_id":"34600111222","new_wa_id":"34600333444"}`, person(other, ""), was(old, "")},
		"nothing new":   {`"from":"34600111222","system":{"type":"user_changed_number","wa_id":"34600111222"}`, person(old, ""), nil},
		"not told":      {`"from":"34600111222","system":{"type":"user_changed_number"}`, person(old, ""), nil},
		"empty":         {`"from":"34600111222","system":{"type":"user_changed_number","wa_id":"","user_id":""}`, person(old, ""), nil},
		"only the new":  {`"from":"","system":{"type":"user_changed_number","wa_id":"34600333444"}`, person(other, ""), nil},
		"user id":       {`"from":"34600111222","from_user_id":"ES.old","system":{"type":"user_changed_user_id","user_id":"ES.new"}`, person("", newUser), was(old, user)},
		"user id alone": {`"from_user_id":"ES.old","system":{"type":"user_changed_user_id","user_id":"ES.new"}`, person("", newUser), was("", user)},
		"user id before": {
			`"system":{"type":"user_changed_user_id","previous_user_id":"ES.old","user_id":"ES.new","wa_id":"34600333444"}`,
			person(other, newUser), was("", user),
		},
		"user id, old one in words only": {
			`"system":{"type":"user_changed_user_id","body":"User x changed from ES.old to ES.new","user_id":"ES.new","wa_id":"34600333444"}`,
			person(other, newUser), nil,
		},
		"identity":         {`"from":"34600111222","identity":{"hash":"x"},"system":{"type":"customer_identity_changed"}`, person(old, ""), nil},
		"identity of both": {`"from":"34600111222","from_user_id":"ES.old","system":{"type":"customer_identity_changed","wa_id":"34600111222"}`, person(old, user), nil},
		"identity, new": {
			`"from":"34600111222","from_user_id":"ES.old","system":{"type":"customer_identity_changed","wa_id":"34600333444"}`,
			person(other, user), was(old, user),
		},
		"unheard of": {`"from":"34600111222","system":{"type":"user_became_famous","wa_id":"34600333444"}`, person(old, ""), nil},
		"no system":  {`"from":"34600111222"`, person(old, ""), nil},
	} {
		e := one(t, inValue(`"messages":[{"id":"a","timestamp":"1764072000","type":"system",`+c.message+`}]`))
		if e.Kind != gateway.EventSignal || e.Key != "message|a" || e.About != "" || e.From != c.from {
			t.Errorf("%s: %s %s %+v", name, e.Kind, e.Key, e.From)
			continue
		}
		if diff := cmp.Diff(c.was, e.Message.Was); diff != "" || e.Message.Type != "system" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Contacts beside a change fill what it leaves out of the person, of the new one only.
func TestChangeWithContacts(t *testing.T) {
	t.Parallel()
	e := one(t, inValue(`"contacts":[{"wa_id":"34600333444","user_id":"ES.new","profile":{"name":"Ana"}}],"messages":[{"from":"34600111222",`+
		`"id":"a","type":"system","system":{"type":"user_changed_number","wa_id":"34600333444","body":"Ana changed"}}]`))
	if e.From != person("34600333444", "ES.new") || e.Name != "Ana" || e.Message.Text != "Ana changed" || *e.Message.Was != person("34600111222", "") {
		t.Errorf("%+v %q %+v", e.From, e.Name, e.Message)
	}
}

func TestSignals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		content, about string
		want           gateway.Message
	}{
		"withdrawn":      {`"type":"revoke","revoke":{"original_message_id":"wamid.Z"}`, "message|wamid.Z", gateway.Message{Type: "revoke", QuotedID: "wamid.Z"}},
		"withdrawn what": {`"type":"revoke","revoke":{}`, "", gateway.Message{Type: "revoke"}},
		"withdrawn, no type": {
			`"revoke":{"original_message_id":"wamid.Z"}`, "message|wamid.Z", gateway.Message{Type: "revoke", QuotedID: "wamid.Z"},
		},
		"edited": {
			`"type":"edit","edit":{"original_message_id":"wamid.Z","message":{"type":"text","text":{"body":"el rojo"},"context":{"id":"x"}}}`,
			"message|wamid.Z",
			gateway.Message{Type: "edit", Text: "el rojo", QuotedID: "wamid.Z"},
		},
		"edited caption": {
			`"type":"edit","edit":{"original_message_id":"wamid.Z","message":{"type":"image","image":{"id":"7","caption":"mejor"}}}`,
			"message|wamid.Z",
			gateway.Message{Type: "edit", Text: "mejor", QuotedID: "wamid.Z", Media: &gateway.Media{ProviderID: "7"}},
		},
		"edited sticker": {
			`"type":"edit","edit":{"original_message_id":"wamid.Z","message":{"sticker":{"id":"7","animated":true}}}`,
			"message|wamid.Z",
			gateway.Message{Type: "edit", QuotedID: "wamid.Z", Media: &gateway.Media{ProviderID: "7", Animated: true}},
		},
		"edited edit":   {`"type":"edit","edit":{"message":{"type":"edit","edit":{"message":{"type":"text"}}}}`, "", gateway.Message{Type: "edit"}},
		"edited what":   {`"type":"edit"`, "", gateway.Message{Type: "edit"}},
		"opened":        {`"type":"request_welcome"`, "", gateway.Message{Type: "request_welcome"}},
		"calls allowed": {`"type":"interactive","interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"accept","expiration_timestamp":1}}`, "", gateway.Message{Type: callPermission, Text: "accept"}},
		"calls refused": {`"type":"interactive","context":{"id":"wamid.C"},"interactive":{"type":"call_permission_reply","call_permission_reply":{"response":"reject"}}`, "message|wamid.C", gateway.Message{Type: callPermission, Text: "reject", QuotedID: "wamid.C"}},
		"calls what":    {`"type":"interactive","interactive":{"type":"call_permission_reply"}`, "", gateway.Message{Type: callPermission}},
	} {
		e := said(t, c.content)
		c.want.ProviderID = "wamid.A"
		if diff := cmp.Diff(&c.want, e.Message); diff != "" || e.Kind != gateway.EventSignal || e.About != c.about || e.Key != "message|wamid.A" {
			t.Errorf("%s: %s about %q: %s", name, e.Kind, e.About, diff)
		}
	}
}

// What a withdrawal is about is never guessed: it takes content away.
func TestRevokeIgnoresContext(t *testing.T) {
	t.Parallel()
	e := said(t, `"type":"revoke","revoke":{},"context":{"id":"wamid.Q"}`)
	if e.About != "" || e.Message.QuotedID != "" {
		t.Errorf("about %q", e.About)
	}
}

// Two ways to name a message give the key that the message itself has.
func TestAboutIsTheKey(t *testing.T) {
	t.Parallel()
	for _, id := range []string{"wamid.A==", "a|b%", strings.Repeat("x", 500), "ñ"} {
		first := one(t, inValue(fmt.Sprintf(`"messages":[{"from":"1","id":%q,"type":"text","text":{"body":"x"}}]`, id)))
		again := one(t, inValue(fmt.Sprintf(`"messages":[{"from":"1","id":"b","type":"revoke","revoke":{"original_message_id":%q}}]`, id)))
		if first.Key != again.About {
			t.Errorf("%s is not %s", again.About, first.Key)
		}
	}
}

// When the shop edits or withdraws its own message, no message of the customer is
// meant, and it is not the customer who did it.
func TestEchoesOfChanges(t *testing.T) {
	t.Parallel()
	for content, text := range map[string]string{
		`"type":"revoke","revoke":{"original_message_id":"wamid.Z"}`:                                               "",
		`"type":"edit","edit":{"original_message_id":"wamid.Z","message":{"type":"text","text":{"body":"mejor"}}}`: "mejor",
	} {
		e := one(t, change("smb_message_echoes", `{"message_echoes":[{"from":"34600000000","to":"34600111222","id":"e",`+content+`}]}`))
		if e.Kind != gateway.EventEcho || e.About != "" || e.Message.QuotedID != "wamid.Z" || e.Message.Text != text || e.From != person("34600111222", "") {
			t.Errorf("%s: %s about %q", content, e.Kind, e.About)
		}
	}
	for _, group := range []string{`"group_id":"g"`, `"recipient_type":"group"`} {
		e := one(t, inValue(`"message_echoes":[{"to":"g","id":"e","type":"text","text":{"body":"x"},`+group+`}]`))
		if e.Kind != gateway.EventNotice || !e.From.IsZero() {
			t.Errorf("%s: %s from %+v", group, e.Kind, e.From)
		}
	}
}

func TestUserIDUpdate(t *testing.T) {
	t.Parallel()
	const both = `"user_id":{"previous":"ES.old","current":"ES.new"}`
	for name, c := range map[string]struct {
		item string
		kind gateway.EventKind
		from gateway.Identity
		was  string
	}{
		"whole":       {`{"wa_id":"34600111222","detail":"changed",` + both + `,"timestamp":1764072060}`, gateway.EventSignal, person("34600111222", "ES.new"), "ES.old"},
		"no phone":    {`{"detail":"changed",` + both + `}`, gateway.EventSignal, person("", "ES.new"), "ES.old"},
		"no previous": {`{"wa_id":"34600111222","user_id":{"current":"ES.new"}}`, gateway.EventSignal, person("34600111222", "ES.new"), ""},
		"no current":  {`{"wa_id":"34600111222","user_id":{"previous":"ES.old","current":""}}`, gateway.EventSignal, person("34600111222", "ES.old"), ""},
		"the same":    {`{"user_id":{"previous":"ES.old","current":" ES.old"}}`, gateway.EventSignal, person("", "ES.old"), ""},
		"only phone":  {`{"wa_id":"34600111222"}`, gateway.EventSignal, person("34600111222", ""), ""},
		"nobody":      {`{"wa_id":"","user_id":"ES.new"}`, gateway.EventNotice, gateway.Identity{}, ""},
		"too long":    {`{"user_id":{"previous":"` + strings.Repeat("a", 257) + `","current":"ES.new"}}`, gateway.EventUnreadable, gateway.Identity{}, ""},
		"no item":     {`7`, gateway.EventUnreadable, gateway.Identity{}, ""},
	} {
		e := one(t, change("user_id_update", `{"messaging_product":"whatsapp","metadata":{"phone_number_id":"100"},"user_id_update":[`+c.item+`]}`))
		if e.Kind != c.kind || e.From != c.from || string(e.Raw) != c.item || e.Channel != "100" {
			t.Errorf("%s: %s %+v", name, e.Kind, e.From)
			continue
		}
		if c.kind != gateway.EventSignal {
			continue
		}
		var was gateway.Identity
		if e.Message.Was != nil {
			was = *e.Message.Was
		}
		if was != person("", c.was) || e.Message.Type != "system" || e.At.IsZero() {
			t.Errorf("%s: was %+v", name, was)
		}
	}
}

func TestPreferences(t *testing.T) {
	t.Parallel()
	item := func(category, value string) string {
		return `{"wa_id":"34600111222","detail":"x","category":"` + category + `","value":"` + value + `","timestamp":1764072060}`
	}
	for in, want := range map[string]string{
		item("marketing_messages", "stop"): "stop", item("marketing_messages", "resume"): "resume",
		item("marketing_messages", "signup"): "resume", item("marketing_messages", "perhaps"): "",
		item("marketing_messages", ""): "", item("calls", "stop"): "", item("", "stop"): "",
		`{"wa_id":"","category":"marketing_messages","value":"stop"}`: "",
	} {
		e := one(t, change("user_preferences", `{"metadata":{"phone_number_id":"100"},"user_preferences":[`+in+`]}`))
		if want == "" {
			if e.Kind != gateway.EventNotice || !e.From.IsZero() || string(e.Raw) != in {
				t.Errorf("%s: %s", in, e.Kind)
			}
			continue
		}
		at := time.Unix(1764072060, 0).UTC()
		if e.Kind != gateway.EventPreference || e.From != person("34600111222", "") || e.Channel != "100" || !e.At.Equal(at) {
			t.Errorf("%s: %s %+v %v", in, e.Kind, e.From, e.At)
		}
		if diff := cmp.Diff(&gateway.Preference{Marketing: want, At: at}, e.Preference); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

// Each item is an event of its own, a bad one costs nothing but itself, and the keys
// tell them apart however often they come.
func TestPreferencesTogether(t *testing.T) {
	t.Parallel()
	body := change("user_preferences", `{"contacts":[{"wa_id":"1","user_id":"ES.a","profile":{"name":"Ana"}}],"new":1,"user_preferences":[null,`+
		`{"user_id":"ES.a","category":"marketing_messages","value":"stop","timestamp":1},`+
		`{"user_id":"ES.a","category":"marketing_messages","value":"resume","timestamp":2},7]}`)
	events, err := Parse(body, noon)
	if err != nil || len(events) != 5 {
		t.Fatal(len(events), err)
	}
	checkEvents(t, "preferences", events)
	keys, kinds := map[string]bool{}, map[gateway.EventKind]int{}
	for _, e := range events {
		keys[e.Key] = true
		kinds[e.Kind]++
		if e.Kind == gateway.EventPreference && (e.From != person("1", "ES.a") || e.Name != "Ana") {
			t.Errorf("from %+v", e.From)
		}
	}
	if len(keys) != 5 || kinds[gateway.EventPreference] != 2 || kinds[gateway.EventUnreadable] != 2 || kinds[gateway.EventNotice] != 1 {
		t.Errorf("%d keys, %v", len(keys), kinds)
	}
	// The same item in another webhook, an hour later, is the same.
	later, err := Parse([]byte(strings.Replace(string(body), "1764072000", "1764075600", 1)), noon)
	if err != nil || later[1].Key != events[1].Key || later[0].Key == events[0].Key {
		t.Errorf("%s, %v", later[1].Key, err)
	}
}
