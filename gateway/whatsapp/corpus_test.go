package whatsapp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/recado/recado/gateway"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// shared gives the folder of payloads that others wrote, which lies beside the
// checkout, or skips the test.
func shared(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for !exists(filepath.Join(dir, "go.mod")) {
		if filepath.Dir(dir) == dir {
			t.Fatal("no go.mod above the package")
		}
		dir = filepath.Dir(dir)
	}
	corpus := filepath.Join(dir, "..", "shared", "data", "whatsapp")
	if !exists(corpus) {
		t.Skip("the payloads of other projects are not beside this checkout")
	}
	return corpus
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// corpus reads all payloads by name.
func corpus(t testing.TB) map[string][]byte {
	t.Helper()
	root, files := shared(t), map[string][]byte{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files[name], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// The manifest, a list of the files, is the one that is no payload.
	delete(files, "manifest.json")
	if len(files) < 150 {
		t.Fatalf("only %d payloads", len(files))
	}
	return files
}

// wrap puts JSON where an item, a value, a change or an entry is expected.
func wrap(raw []byte) map[string][]byte {
	const head = `{"object":"whatsapp_business_account","entry":[`
	return map[string][]byte{
		"as it is":   raw,
		"as message": fmt.Appendf(nil, head+`{"id":"1","changes":[{"field":"messages","value":{"messages":[%s]}}]}]}`, raw),
		"as status":  fmt.Appendf(nil, head+`{"id":"1","changes":[{"field":"messages","value":{"statuses":[%s]}}]}]}`, raw),
		"as echo":    fmt.Appendf(nil, head+`{"id":"1","changes":[{"field":"smb_message_echoes","value":{"message_echoes":[%s]}}]}]}`, raw),
		"as value":   fmt.Appendf(nil, head+`{"id":"1","changes":[{"field":"messages","value":%s}]}]}`, raw),
		"as unknown": fmt.Appendf(nil, head+`{"id":"1","changes":[{"field":"surprise","value":%s}]}]}`, raw),
		"as change":  fmt.Appendf(nil, head+`{"id":"1","changes":[%s]}]}`, raw),
		"as entry":   fmt.Appendf(nil, head+`%s]}`, raw),
		"as list":    fmt.Appendf(nil, head+`{"id":"1","changes":[{"field":"messages","value":{"messages":%s}}]}]}`, raw),
	}
}

// wire gives JSON as the channel writes it: compact, all ASCII, slashes escaped.
func wire(t testing.TB, raw []byte) []byte {
	t.Helper()
	var compact, out bytes.Buffer
	if err := json.Compact(&compact, raw); err != nil {
		t.Fatal(err)
	}
	for _, r := range compact.String() {
		switch {
		case r == '/':
			out.WriteString(`\/`)
		case r < utf8.RuneSelf:
			out.WriteRune(r)
		default:
			for _, unit := range utf16.AppendRune(nil, r) {
				fmt.Fprintf(&out, `\u%04x`, unit)
			}
		}
	}
	return out.Bytes()
}

// items counts what a body holds, in another way than Parse does: it looks at the
// whole of it at once.
func items(t testing.TB, raw []byte) int {
	t.Helper()
	var body struct {
		Entry []struct {
			Changes []struct {
				Field string         `json:"field"`
				Value map[string]any `json:"value"`
			} `json:"changes"`
		} `json:"entry"`
	}
	var top map[string]any
	if json.Unmarshal(raw, &top) != nil || json.Unmarshal(raw, &body) != nil {
		t.Fatal("the payload is no envelope")
	}
	delete(top, "object")
	delete(top, "entry")
	n := len(top)
	for _, entry := range body.Entry {
		for _, change := range entry.Changes {
			n += itemsOf(change.Field, change.Value)
		}
	}
	return n
}

func itemsOf(field string, value map[string]any) int {
	switch field {
	case "messages", "smb_message_echoes":
	case "user_preferences", "user_id_update":
		return len(value[field].([]any))
	default:
		return 1
	}
	n := 0
	for name, v := range value {
		switch name {
		case "messaging_product", "metadata", "contacts":
		case "messages", "statuses", "message_echoes", "errors":
			n += len(v.([]any))
		default:
			n++
		}
	}
	return n
}

func isEnvelope(raw []byte) bool {
	var top map[string]json.RawMessage
	return json.Unmarshal(raw, &top) == nil && top["entry"] != nil
}

func TestCorpusLosesNothing(t *testing.T) {
	t.Parallel()
	envelopes := 0
	for name, raw := range corpus(t) {
		if !isEnvelope(raw) {
			continue
		}
		envelopes++
		events, err := Parse(raw, noon)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(events) != items(t, raw) {
			t.Errorf("%s: %d events from %d items", name, len(events), items(t, raw))
		}
		for _, e := range events {
			if e.Kind == gateway.EventUnreadable {
				t.Errorf("%s: an item could not be read: %s", name, e.Raw)
			}
		}
	}
	if envelopes < 100 {
		t.Errorf("only %d envelopes", envelopes)
	}
}

// Each payload stands in every place of an envelope, where most are out of place.
func TestCorpusAnywhere(t *testing.T) {
	t.Parallel()
	for name, raw := range corpus(t) {
		for place, body := range wrap(raw) {
			first, err := Parse(body, noon)
			if err != nil {
				t.Errorf("%s %s: %v", name, place, err)
			}
			checkEvents(t, name+" "+place, first)
			again, err := Parse(body, noon)
			if err != nil || !reflect.DeepEqual(first, again) {
				t.Errorf("%s %s: the second reading differs", name, place)
			}
		}
	}
}

// checkEvents holds what is true for all events, whatever came in.
func checkEvents(t testing.TB, name string, events []gateway.Event) {
	t.Helper()
	if len(events) == 0 {
		t.Errorf("%s: no events", name)
	}
	for _, e := range events {
		switch {
		case e.Key == "" || len(e.Key) > maxKey || !storable(e.Key):
			t.Errorf("%s: key %q", name, e.Key)
		case !json.Valid(e.Raw) || !storable(string(e.Raw)) || !goodEscapes(e.Raw):
			t.Errorf("%s: raw can't be stored: %q", name, e.Raw)
		case e.At.IsZero() || e.ReceivedAt.IsZero():
			t.Errorf("%s: no time", name)
		case e.Body == nil:
			t.Errorf("%s: no body", name)
		case !storable(e.Name) || !storable(e.From.Phone+e.From.UserID):
			t.Errorf("%s: name or identity can't be stored", name)
		}
		checkParts(t, name, e)
	}
}

func checkParts(t testing.TB, name string, e gateway.Event) {
	t.Helper()
	said := e.Kind == gateway.EventMessage || e.Kind == gateway.EventEcho || e.Kind == gateway.EventSignal
	if said != (e.Message != nil) || (e.Kind == gateway.EventStatus) != (e.Status != nil) ||
		(e.Kind == gateway.EventPreference) != (e.Preference != nil) || (e.Kind == gateway.EventAlert) != (e.Alert != nil) {
		t.Errorf("%s: the parts don't fit the kind %s", name, e.Kind)
	}
	if (said || e.Kind == gateway.EventPreference) && e.From.IsZero() {
		t.Errorf("%s: nobody said it", name)
	}
	if e.BodyTo == 0 && e.BodyFrom != 0 || e.BodyTo != 0 && !bytes.Equal(e.Body[e.BodyFrom:e.BodyTo], e.Raw) {
		t.Errorf("%s: %d to %d of the body is not the item", name, e.BodyFrom, e.BodyTo)
	}
	checkMessage(t, name, e)
	if s := e.Status; s != nil && s.Errors != nil && (!json.Valid(s.Errors) || s.Errors[0] != '[' || !goodEscapes(s.Errors)) {
		t.Errorf("%s: errors can't be stored: %q", name, s.Errors)
	}
	if p := e.Preference; p != nil && (p.Marketing != "stop" && p.Marketing != "resume" || p.At.IsZero()) {
		t.Errorf("%s: preference %+v", name, p)
	}
	if a := e.Alert; a != nil {
		levels := []gateway.AlertLevel{gateway.AlertInfo, gateway.AlertWarning, gateway.AlertCritical}
		if a.Kind == "" || !slices.Contains(levels, a.Level) || !a.At.Equal(e.At) || a.State == "" && a.Subject == "" {
			t.Errorf("%s: alert %+v", name, a)
		}
		if len(a.Subject) > maxSubject || len(a.State) > maxState || len(a.Detail) > maxDetail || !storable(a.Subject+a.State+a.Detail) {
			t.Errorf("%s: alert can't be stored: %+v", name, a)
		}
	}
}

var hexSum = regexp.MustCompile(`^([0-9a-f]{64})?$`)

func checkMessage(t testing.TB, name string, e gateway.Event) {
	t.Helper()
	m := e.Message
	if m == nil {
		if e.About != "" {
			t.Errorf("%s: %s is about something", name, e.Kind)
		}
		return
	}
	kept, err := json.Marshal(m)
	if err != nil || !goodEscapes(kept) || m.Type == "" || !storable(m.Text+m.ProviderID+m.QuotedID) {
		t.Errorf("%s: message %+v, %v", name, m, err)
	}
	if e.About != about(m.QuotedID) && (e.Kind != gateway.EventEcho || e.About != "" || !signals[m.Type]) {
		t.Errorf("%s: about %q", name, e.About)
	}
	if f := m.Media; f != nil && (f.ProviderID == "" || !hexSum.MatchString(f.SHA256) || len(f.MIME) > maxMIME || len(f.Filename) > maxFilename) {
		t.Errorf("%s: file %+v", name, f)
	}
	if l := m.Location; l != nil && (l.Latitude < -90 || l.Latitude > 90 || l.Longitude < -180 || l.Longitude > 180) {
		t.Errorf("%s: location %+v", name, l)
	}
	if w := m.Was; w != nil && (e.Kind != gateway.EventSignal || w.IsZero() || *w == e.From) {
		t.Errorf("%s: was %+v", name, w)
	}
}

// storable tells whether Postgres takes the text.
func storable(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") }

// The ids in the corpus are invented, and several files use the same one. The
// keys may meet only where kind and id do.
func TestCorpusTogether(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	var entries []json.RawMessage
	alone := map[string]int{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		var top struct{ Entry []json.RawMessage }
		if !isEnvelope(files[name]) || json.Unmarshal(files[name], &top) != nil {
			continue
		}
		entries = append(entries, top.Entry...)
		body := mustMarshal(t, map[string]any{"object": "whatsapp_business_account", "entry": top.Entry})
		events, err := Parse(body, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			alone[e.Key]++
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		random.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
		body := mustMarshal(t, map[string]any{"object": "whatsapp_business_account", "entry": entries})
		together := map[string]int{}
		events, err := Parse(body, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			together[e.Key]++
		}
		if diff := cmp.Diff(alone, together); diff != "" {
			t.Fatal(diff)
		}
		checkKeys(t, events)
	}
}

func mustMarshal(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// checkKeys tells whether equal keys mean the same item.
func checkKeys(t testing.TB, events []gateway.Event) {
	t.Helper()
	seen := map[string]string{}
	for _, e := range events {
		item := string(e.Raw)
		o, _ := decode(e.Raw)
		if id := o.str("id"); id != "" && e.Kind != gateway.EventStatus {
			item = id
		}
		if e.Status != nil {
			var codes []string
			for _, failure := range o.objects("errors") {
				codes = append(codes, failure.str("code"))
			}
			item = fmt.Sprint(e.Status.ProviderID, o.str("status"), o.str("timestamp"), codes)
		}
		if other, ok := seen[e.Key]; ok && other != item {
			t.Errorf("two items have the key %q", e.Key)
		}
		seen[e.Key] = item
	}
}

// The channel's own spelling, all ASCII, gives what the pretty files give.
func TestCorpusOnTheWire(t *testing.T) {
	t.Parallel()
	for name, raw := range corpus(t) {
		if !isEnvelope(raw) {
			continue
		}
		pretty, err := Parse(raw, noon)
		if err != nil {
			t.Fatal(err)
		}
		sent, err := Parse(wire(t, raw), noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, events := range [][]gateway.Event{pretty, sent} {
			for i, e := range events {
				checkEvents(t, name, events[i:i+1])
				events[i].Raw, events[i].Body, events[i].BodyFrom, events[i].BodyTo = nil, nil, 0, 0
				if e.Status != nil && e.Status.Errors != nil {
					var errs any
					if err := json.Unmarshal(e.Status.Errors, &errs); err != nil {
						t.Fatal(err)
					}
					e.Status.Errors = mustMarshal(t, errs)
				}
				if e.Message == nil && strings.Contains(e.Key, "sha256") {
					// What has no id is known by its bytes.
					events[i].Key = ""
				}
			}
		}
		if diff := cmp.Diff(pretty, sent); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// visible are the places of all that a reader needs.
var visible = []string{
	"text.body", "image.caption", "video.caption", "document.caption", "button.text", "reaction.emoji",
	"interactive.button_reply.title", "interactive.list_reply.title", "interactive.list_reply.description",
	"location.name", "location.address", "contacts.*.name.formatted_name", "contacts.*.phones.*.phone",
	"contacts.*.emails.*.email", "order.text", "order.product_items.*.product_retailer_id",
	"order.product_items.*.item_price", "edit.message.text.body", "edit.message.image.caption",
}

// find gives all scalars at a path of names and stars.
func find(v any, path []string) []string {
	switch v := v.(type) {
	case map[string]any:
		if len(path) > 0 {
			return find(v[path[0]], path[1:])
		}
	case []any:
		var all []string
		for _, element := range v {
			if len(path) > 0 {
				all = append(all, find(element, path[1:])...)
			}
		}
		return all
	case string:
		return []string{v}
	case float64:
		return []string{fmt.Sprint(v)}
	}
	return nil
}

func TestCorpusTextIsVisible(t *testing.T) {
	t.Parallel()
	seen := map[string]int{}
	for name, raw := range corpus(t) {
		if !isEnvelope(raw) {
			continue
		}
		events, err := Parse(raw, noon)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Message == nil {
				continue
			}
			var item any
			if err := json.Unmarshal(e.Raw, &item); err != nil {
				t.Fatal(err)
			}
			for _, path := range visible {
				for _, want := range find(item, strings.Split(path, ".")) {
					seen[path]++
					if !strings.Contains(e.Message.Text, want) {
						t.Errorf("%s: %s is not in the text %q", name, path, e.Message.Text)
					}
				}
			}
		}
	}
	for _, path := range visible {
		if seen[path] == 0 && !strings.HasPrefix(path, "edit.message.text") {
			t.Errorf("no payload has %s", path)
		}
	}
}

// The body of a text message has the shape of the examples in the channel's own
// API description.
func TestPayloadLikeTheExamples(t *testing.T) {
	t.Parallel()
	files := corpus(t)
	for name, words := range map[string]string{
		"send_text_message.json":                  "text-message-content",
		"send_text_message_with_preview_url.json": "Please visit https://youtu.be/hpltvTEiRrY.",
	} {
		raw := files[filepath.Join("meta_openapi_MIT", "outbound_requests", name)]
		var want, got map[string]any
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		body, err := payload(&gateway.Outgoing{ID: "o-1", To: gateway.Identity{Phone: "16505551234"}, Text: words})
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatal(err)
		}
		if got["biz_opaque_callback_data"] != "o-1" || got["to"] != "+16505551234" {
			t.Errorf("%s: %s", name, body)
		}
		delete(got, "biz_opaque_callback_data")
		want["to"] = got["to"]
		// The example with a preview leaves out what is the default.
		if name == "send_text_message_with_preview_url.json" {
			want["type"], want["recipient_type"] = "text", "individual"
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Every acceptance among the examples gives its id.
func TestExamplesOfAcceptance(t *testing.T) {
	t.Parallel()
	n := 0
	for name, raw := range corpus(t) {
		if !strings.Contains(name, "outbound_responses") || !bytes.Contains(raw, []byte(`"messages"`)) {
			continue
		}
		n++
		if id := providerID(raw); !bytes.Contains(raw, []byte(id)) || id == "" {
			t.Errorf("%s: no id", name)
		}
	}
	if n < 30 {
		t.Errorf("only %d examples", n)
	}
}
