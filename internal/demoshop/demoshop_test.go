package demoshop_test

import (
	"encoding/json"
	"io/fs"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/recado/recado/internal/demoshop"
)

var now = time.Date(2026, time.March, 28, 23, 30, 0, 0, time.FixedZone("", 3600))

// order is the part of an order that the tests look at.
type order struct {
	Number   string
	Customer struct{ Phone, Name, Email string }
	Status   string
	PlacedAt time.Time `json:"placed_at"`
	ETA      string    `json:"eta"`
	Items    []struct {
		SKU, Name, Currency string
		Quantity            int
		Price               float64
	}
	Shipping struct {
		Carrier, Address string
		TrackingURL      string `json:"tracking_url"`
	}
	Payment struct {
		Method, Status, Currency string
		Amount                   float64
	}
	Returns []struct {
		RequestedAt time.Time `json:"requested_at"`
		Refund      struct{ Amount float64 }
	}
	History []struct {
		At           time.Time
		Status, Note string
	}
}

func readOrders(t *testing.T) []order {
	t.Helper()
	raw, err := demoshop.Orders(now)
	if err != nil {
		t.Fatal(err)
	}
	var list []order
	for _, r := range raw {
		var o order
		if err := json.Unmarshal(r, &o); err != nil {
			t.Fatalf("%v in %s", err, r)
		}
		list = append(list, o)
	}
	return list
}

func TestOrdersAreComplete(t *testing.T) {
	t.Parallel()
	states := map[string]int{}
	for s := range strings.FieldsSeq(`pending_payment paid processing shipped out_for_delivery delivered delivery_failed lost cancelled
		return_requested return_in_transit returned refunded partially_refunded on_hold ready_for_pickup`) {
		states[s] = 0
	}
	numbers, phones, names := map[string]bool{}, map[string]string{}, map[string]string{}
	number := regexp.MustCompile(`^#W\d{7}$`)
	list := readOrders(t)
	for _, o := range list {
		if !number.MatchString(o.Number) || numbers[o.Number] {
			t.Errorf("%s is malformed or occurs twice", o.Number)
		}
		numbers[o.Number] = true
		if _, ok := states[o.Status]; !ok {
			t.Errorf("%s has the unknown status %q", o.Number, o.Status)
		}
		states[o.Status]++
		c := o.Customer
		if n, ok := phones[c.Phone]; ok && n != c.Name {
			t.Errorf("%s belongs to %s and %s", c.Phone, n, c.Name)
		}
		if p, ok := names[c.Name]; ok && p != c.Phone {
			t.Errorf("%s has two numbers", c.Name)
		}
		phones[c.Phone], names[c.Name] = c.Name, c.Phone
		checkTimes(t, o)
		checkAmounts(t, o)
	}
	for s, n := range states {
		if n == 0 {
			t.Errorf("no order has the status %s", s)
		}
	}
	if len(list) < 45 || len(phones) < 30 {
		t.Errorf("got %d orders of %d customers, want at least 45 of 30", len(list), len(phones))
	}
}

func checkTimes(t *testing.T, o order) {
	t.Helper()
	if _, err := time.Parse(time.DateOnly, o.ETA); err != nil && o.Status != "cancelled" {
		t.Errorf("%s: eta is %q", o.Number, o.ETA)
	}
	if o.ETA != "" && o.ETA < o.PlacedAt.Format(time.DateOnly) {
		t.Errorf("%s is due before it was placed", o.Number)
	}
	last := o.PlacedAt
	for _, h := range o.History {
		if h.At.Before(last) || h.At.After(now) || h.Note == "" {
			t.Errorf("%s: history entry %s at %v is empty or out of order", o.Number, h.Status, h.At)
		}
		last = h.At
	}
	if n := len(o.History); n == 0 || o.History[n-1].Status != o.Status {
		t.Errorf("%s: the history does not end in %s", o.Number, o.Status)
	}
	for _, r := range o.Returns {
		if r.RequestedAt.Before(o.PlacedAt) || r.RequestedAt.After(now) {
			t.Errorf("%s: return requested at %v", o.Number, r.RequestedAt)
		}
	}
}

func checkAmounts(t *testing.T, o order) {
	t.Helper()
	total := 0.0
	for _, i := range o.Items {
		if i.SKU == "" || i.Name == "" || i.Quantity < 1 || i.Price <= 0 || i.Currency != "EUR" {
			t.Errorf("%s: item %+v is incomplete", o.Number, i)
		}
		total += i.Price * float64(i.Quantity)
	}
	if len(o.Items) == 0 || math.Abs(total-o.Payment.Amount) > 0.001 || o.Payment.Currency != "EUR" {
		t.Errorf("%s: items cost %.2f, payment is %+v", o.Number, total, o.Payment)
	}
	for _, r := range o.Returns {
		if r.Refund.Amount <= 0 || r.Refund.Amount > total+0.001 {
			t.Errorf("%s refunds %.2f of %.2f", o.Number, r.Refund.Amount, total)
		}
	}
	if o.Shipping.Carrier == "" || o.Shipping.Address == "" || o.Payment.Method == "" {
		t.Errorf("%s lacks carrier, address or payment method", o.Number)
	}
}

func TestDemoCustomerHasTheThreeOrders(t *testing.T) {
	t.Parallel()
	want := map[string]struct{ status, eta string }{
		demoshop.DemoShippedOrder:   {"shipped", "2026-03-30"},
		demoshop.DemoDeliveredOrder: {"delivered", "2026-03-23"},
		demoshop.DemoRefundOrder:    {"returned", "2026-03-06"},
	}
	for _, o := range readOrders(t) {
		if o.Customer.Phone != demoshop.DemoPhone {
			continue
		}
		w, ok := want[o.Number]
		if !ok || w.status != o.Status || w.eta != o.ETA || o.Customer.Name != demoshop.DemoName {
			t.Errorf("%s: %s due %s of %s, want %v", o.Number, o.Status, o.ETA, o.Customer.Name, w)
		}
		if o.Number == demoshop.DemoRefundOrder && o.Payment.Status != "refund_in_progress" {
			t.Errorf("the refund is %s", o.Payment.Status)
		}
		delete(want, o.Number)
	}
	if len(want) != 0 {
		t.Errorf("missing: %v", want)
	}
}

func TestOrdersAreFreshAtAnyTime(t *testing.T) {
	t.Parallel()
	offset := regexp.MustCompile(`"[+-]\d+[dh]`)
	rapid.Check(t, func(t *rapid.T) {
		at := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "unix"), 0)
		raw, err := demoshop.Orders(at)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range raw {
			if offset.Match(r) {
				t.Fatalf("offset left in %s", r)
			}
			var o order
			if err := json.Unmarshal(r, &o); err != nil {
				t.Fatal(err)
			}
			if age := at.Sub(o.PlacedAt); age < 0 || age > 45*24*time.Hour {
				t.Fatalf("%s was placed %v ago", o.Number, age)
			}
		}
	})
}

// fold makes texts comparable without regard to case and accents.
func fold(s string) string {
	return strings.NewReplacer("á", "a", "é", "e", "í", "i", "ó", "o", "ú", "u", "ü", "u", "ñ", "n").Replace(strings.ToLower(s))
}

func TestQuestionsAreLabelledSoundly(t *testing.T) {
	t.Parallel()
	list, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	docs := map[string]map[string]string{"es": readPolicies(t, "es"), "en": readPolicies(t, "en")}
	owner := map[string]string{}
	for _, o := range readOrders(t) {
		owner[o.Number] = o.Customer.Phone
	}
	ids, texts := map[string]bool{}, map[string]bool{}
	for _, q := range list {
		text := q.Locale + fold(q.Text)
		if ids[q.ID] || texts[text] || q.Text == "" || docs[q.Locale] == nil {
			t.Errorf("%s occurs twice, has no text or an unknown locale", q.ID)
		}
		ids[q.ID], texts[text] = true, true
		switch q.Kind {
		case demoshop.KindPolicy:
			checkPolicy(t, q, docs[q.Locale])
		case demoshop.KindOrder:
			checkOrder(t, q, owner)
		case demoshop.KindUncovered, demoshop.KindHuman, demoshop.KindSmalltalk:
			reply := q.Kind == demoshop.KindSmalltalk
			if (q.Decision == demoshop.DecisionReply) != reply || len(q.Docs)+len(q.Facts) > 0 || q.Customer+q.Order != "" {
				t.Errorf("%s carries labels that do not fit its kind", q.ID)
			}
		default:
			t.Errorf("%s has the unknown kind %q", q.ID, q.Kind)
		}
	}
}

func checkPolicy(t *testing.T, q demoshop.Question, docs map[string]string) {
	t.Helper()
	if len(q.Docs) == 0 || len(q.Facts) == 0 || q.Decision != demoshop.DecisionReply {
		t.Errorf("%s needs a document, a fact and the decision to reply", q.ID)
	}
	for _, slug := range q.Docs {
		doc, ok := docs[slug]
		if !ok {
			t.Errorf("%s names the unknown document %s", q.ID, slug)
		}
		for _, group := range q.Facts {
			if !slices.ContainsFunc(group, func(f string) bool { return f != "" && strings.Contains(fold(doc), fold(f)) }) {
				t.Errorf("%s: %s states none of %q", q.ID, slug, group)
			}
		}
	}
}

func checkOrder(t *testing.T, q demoshop.Question, owner map[string]string) {
	t.Helper()
	known := slices.Contains(customers(owner), q.Customer)
	if !known || q.Order == "" || (owner[q.Order] == q.Customer) == q.Foreign {
		t.Errorf("%s: %s is labelled as if it belonged to another customer than it does", q.ID, q.Order)
	}
	want := demoshop.DecisionReply
	if q.Foreign {
		want = demoshop.DecisionHandoff
	}
	if q.Decision != want || (len(q.Facts) > 0) == q.Foreign {
		t.Errorf("%s: decision %s with %d facts does not fit", q.ID, q.Decision, len(q.Facts))
	}
	for _, f := range q.Facts {
		if !slices.Equal(f, demoshop.Fact{q.Order}) {
			t.Errorf("%s: fact %q is not the order's number", q.ID, f)
		}
	}
}

func customers(owner map[string]string) []string {
	var phones []string
	for _, p := range owner {
		phones = append(phones, p)
	}
	return phones
}

func TestQuestionsCoverTheKindsAndDocuments(t *testing.T) {
	t.Parallel()
	list, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	least := map[string]int{"policy": 70, "order": 20, "uncovered": 45, "human": 15, "smalltalk": 5}
	for _, locale := range []string{"es", "en"} {
		kinds, docs, foreign := map[string]int{}, map[string]bool{}, 0
		for _, q := range list {
			if q.Locale != locale {
				continue
			}
			kinds[q.Kind]++
			for _, d := range q.Docs {
				docs[d] = true
			}
			if q.Foreign {
				foreign++
			}
		}
		for kind, n := range least {
			if kinds[kind] < n {
				t.Errorf("%s: %d questions of kind %s, want %d", locale, kinds[kind], kind, n)
			}
		}
		for slug, text := range readPolicies(t, locale) {
			if !docs[slug] && !ofSeason(text) {
				t.Errorf("%s: nobody asks about %s", locale, slug)
			}
		}
		if foreign < 3 {
			t.Errorf("%s: %d questions about orders of others, want 3", locale, foreign)
		}
	}
}

func TestSuggestionsShowAllThreeWays(t *testing.T) {
	t.Parallel()
	list, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	plain := func(s string) string { return strings.Trim(fold(s), "¿?") }
	s := demoshop.Suggestions()
	if len(s) != 3 {
		t.Fatalf("got %d suggestions", len(s))
	}
	if !slices.ContainsFunc(readFAQ(t, "es"), func(row []string) bool { return row[0] == s[0] }) {
		t.Errorf("%q is no question of the FAQ", s[0])
	}
	for i, kind := range map[int]string{1: demoshop.KindOrder, 2: demoshop.KindUncovered} {
		if !slices.ContainsFunc(list, func(q demoshop.Question) bool {
			own := q.Customer == "" || q.Customer == demoshop.DemoPhone
			return q.Kind == kind && own && plain(q.Text) == plain(s[i])
		}) {
			t.Errorf("%q is not labelled %s", s[i], kind)
		}
	}
}

func TestFactRefusesOtherShapes(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{`7`, `{"a":1}`, `[["a"]]`} {
		var f demoshop.Fact
		if err := json.Unmarshal([]byte(bad), &f); err == nil {
			t.Errorf("%s was read as %q", bad, f)
		}
	}
}

// Nothing in the shop may reach a real person: every phone number and e-mail
// address lies in a range that is kept for fiction.
func TestContactsAreFictional(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	err := fs.WalkDir(demoshop.Policies(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(demoshop.Policies(), name)
		text.Write(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	text.Write(demoshop.FAQ())
	raw, err := demoshop.Orders(now)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range raw {
		text.Write(r)
	}
	list, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range list {
		text.WriteString("\n" + q.Text + "\n" + q.Customer)
	}
	checkContacts(t, text.String())
}

func checkContacts(t *testing.T, text string) {
	t.Helper()
	fictional := regexp.MustCompile(`^\+(3460055\d{4}|447700900\d{3}|3363998\d{4})$`)
	phones := regexp.MustCompile(`\+\d[\d ]{6,}\d`).FindAllString(text, -1)
	for _, p := range phones {
		if !fictional.MatchString(strings.ReplaceAll(p, " ", "")) {
			t.Errorf("%s is not a fictional number", p)
		}
	}
	domain := regexp.MustCompile(`^([a-z0-9-]+\.)*example\.(com|es)$`)
	mails := regexp.MustCompile(`@([\p{L}\d-]+(?:\.[\p{L}\d-]+)+)|https?://([^/\s"]+)`).FindAllStringSubmatch(text, -1)
	for _, m := range mails {
		if !domain.MatchString(m[1] + m[2]) {
			t.Errorf("%s is not below example.com or example.es", m[0])
		}
	}
	if len(phones) < 45 || len(mails) < 45 {
		t.Errorf("found only %d numbers and %d addresses", len(phones), len(mails))
	}
}
