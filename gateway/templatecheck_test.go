package gateway

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// orderUpdate has a variable wherever there may be one.
func orderUpdate() Template {
	return Template{
		Name: "order_update", Language: "es", Category: "UTILITY", Status: "APPROVED", HeaderFormat: "TEXT", Header: "Pedido {{1}}",
		Body: "Hola, {{1}}: llega el {{2}}. Gracias, {{1}}.", Footer: "Tienda Nogal",
		Buttons: []TemplateButton{{Type: "QUICK_REPLY", Text: "Vale"}, {Type: "URL", Text: "Ver", URL: "https://t.es/{{1}}"}, {Type: "PHONE_NUMBER", Text: "Llamar"}},
	}
}

func orderUse() TemplateUse {
	return TemplateUse{
		Name: "order_update", Language: "es", Header: []TemplateValue{{Text: "A-17"}}, Body: []TemplateValue{{Text: "Ana"}, {Text: "lunes"}},
		Buttons: []TemplateButtonValue{{Index: 1, Value: "A-17"}},
	}
}

func TestCheckTemplate(t *testing.T) {
	t.Parallel()
	named := func(t *Template, u *TemplateUse) {
		t.Named, t.Header, t.Body = true, "Pedido {{id}}", "Hola, {{name}}: llega el {{ day }}."
		u.Header = []TemplateValue{{Name: "id", Text: "A-17"}}
		u.Body = []TemplateValue{{Name: "day", Text: "lunes"}, {Name: "name", Text: "Ana"}}
	}
	file := func(format string, m *OutgoingMedia) func(*Template, *TemplateUse) {
		return func(t *Template, u *TemplateUse) {
			t.HeaderFormat, t.Header, u.Header, u.HeaderMedia = format, "", nil, m
		}
	}
	photo := &OutgoingMedia{Kind: ContentImage, URL: "https://t.es/p"}
	for name, c := range map[string]struct {
		change func(*Template, *TemplateUse)
		want   string
	}{
		"fits":              {func(*Template, *TemplateUse) {}, ""},
		"fits, named":       {named, ""},
		"fits, with a file": {file("IMAGE", photo), ""},
		"fits, with a place": {func(t *Template, u *TemplateUse) {
			t.HeaderFormat, u.Header, u.HeaderLocation = "LOCATION", nil, &Location{Latitude: 1}
		}, ""},
		"fits, with all buttons": {func(_ *Template, u *TemplateUse) { u.Buttons = append(u.Buttons, TemplateButtonValue{Value: "yes"}) }, ""},
		"another language": {
			func(_ *Template, u *TemplateUse) { u.Language = "es_MX" },
			"the template order_update does not exist in the language es_MX",
		},
		"another name": {func(_ *Template, u *TemplateUse) { u.Name = "other" }, "the template other does not exist in the language es"},
		"paused":       {func(t *Template, _ *TemplateUse) { t.Status = "PAUSED" }, "the template order_update can't be sent: its status is PAUSED"},
		"one too few":  {func(_ *Template, u *TemplateUse) { u.Body = u.Body[:1] }, "the template order_update needs 2 values in its text and got 1"},
		"one too many": {
			func(_ *Template, u *TemplateUse) { u.Header = append(u.Header, u.Header...) },
			"the template order_update needs 1 value in its header and got 2",
		},
		"values for none":  {func(t *Template, _ *TemplateUse) { t.Body = "Hola" }, "the template order_update needs no values in its text and got 2"},
		"a name too many":  {func(_ *Template, u *TemplateUse) { u.Body[0].Name = "x" }, "the template order_update has numbered values in its text and takes no names"},
		"no names":         {func(t *Template, u *TemplateUse) { named(t, u); u.Body[0].Name = "" }, "the template order_update needs the values name, day in its text, each once"},
		"a name twice":     {func(t *Template, u *TemplateUse) { named(t, u); u.Body[0].Name = "name" }, "the template order_update needs the values name, day in its text, each once"},
		"an empty value":   {func(_ *Template, u *TemplateUse) { u.Body[1].Text = " " }, "the template order_update has an empty value 2 in its text"},
		"an empty name":    {func(t *Template, u *TemplateUse) { named(t, u); u.Body[0].Text = "" }, "the template order_update has an empty value day"},
		"a line break":     {func(_ *Template, u *TemplateUse) { u.Body[0].Text = "a\nb" }, "the template order_update takes no line breaks, no tabs and at most four spaces in a row: see the value 1 in its text"},
		"a tab":            {func(_ *Template, u *TemplateUse) { u.Header[0].Text = "a\tb" }, "the template order_update takes no line breaks, no tabs and at most four spaces in a row: see the value 1 in its header"},
		"five spaces":      {func(_ *Template, u *TemplateUse) { u.Buttons[0].Value = "a     b" }, "the template order_update takes no line breaks, no tabs and at most four spaces in a row: see the value for its button 1"},
		"four spaces":      {func(_ *Template, u *TemplateUse) { u.Body[0].Text = "a    b" }, ""},
		"too long":         {func(_ *Template, u *TemplateUse) { u.Body[1].Text = strings.Repeat("ñ", 1100) }, "the template order_update is too long with these values: its text may have 1024 characters and has 1135"},
		"too long a head":  {func(_ *Template, u *TemplateUse) { u.Header[0].Text = strings.Repeat("ñ", 54) }, "the template order_update is too long with these values: its header may have 60 characters and has 61"},
		"no file":          {file("IMAGE", nil), "the template order_update needs a file of the kind image above its text"},
		"another file":     {file("VIDEO", photo), "the template order_update needs a file of the kind video above its text"},
		"a file of no way": {file("IMAGE", &OutgoingMedia{Kind: ContentImage}), "the template order_update needs a file of the kind image above its text"},
		"a file for a line": {
			func(_ *Template, u *TemplateUse) { u.HeaderMedia = photo },
			"the template order_update has no file above its text",
		},
		"a place for a line": {func(_ *Template, u *TemplateUse) { u.HeaderLocation = &Location{} }, "the template order_update has no place above its text"},
		"a line for a file":  {func(t *Template, _ *TemplateUse) { t.HeaderFormat = "IMAGE" }, "the template order_update takes no values in its header"},
		"no place":           {func(t *Template, u *TemplateUse) { t.HeaderFormat, u.Header = "LOCATION", nil }, "the template order_update needs a place above its text"},
		"no button value":    {func(_ *Template, u *TemplateUse) { u.Buttons = nil }, "the template order_update needs a value for its button 1"},
		"no code": {
			func(t *Template, u *TemplateUse) { t.Buttons, u.Buttons = []TemplateButton{{Type: "COPY_CODE"}}, nil },
			"the template order_update needs a value for its button 0",
		},
		"no such button": {func(_ *Template, u *TemplateUse) { u.Buttons[0].Index = 3 }, "the template order_update has 3 buttons, counted from 0; each takes one value at most"},
		"a button twice": {
			func(_ *Template, u *TemplateUse) { u.Buttons = append(u.Buttons, u.Buttons[0]) },
			"the template order_update has 3 buttons, counted from 0; each takes one value at most",
		},
		"a phone's value": {
			func(_ *Template, u *TemplateUse) {
				u.Buttons = append(u.Buttons, TemplateButtonValue{Index: 2, Value: "1"})
			},
			"the template order_update takes no value for its button 2",
		},
		"a fixed address": {func(t *Template, _ *TemplateUse) { t.Buttons[1].URL = "https://t.es" }, "the template order_update takes no value for its button 1"},
	} {
		template, use := orderUpdate(), orderUse()
		c.change(&template, &use)
		err := CheckTemplate(template, use)
		got := ""
		if err != nil {
			got = strings.TrimPrefix(err.Error(), ErrInvalid.Error()+": ")
		}
		if got != c.want || (err == nil) == errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestTemplateText(t *testing.T) {
	t.Parallel()
	want := "Pedido A-17\nHola, Ana: llega el lunes. Gracias, Ana.\nTienda Nogal"
	if got := TemplateText(orderUpdate(), orderUse()); got != want {
		t.Errorf("%q", got)
	}
	for _, c := range []struct {
		t    Template
		use  TemplateUse
		want string
	}{
		{Template{Body: "Hola"}, TemplateUse{}, "Hola"},
		{Template{HeaderFormat: "IMAGE", Header: "no", Body: "Hola", Footer: "f"}, TemplateUse{}, "Hola\nf"},
		{Template{Body: "{{1}} {{2}}"}, TemplateUse{Body: []TemplateValue{{Text: "{{2}}"}}}, "{{2}} {{2}}"},
		{Template{Body: "{{10}} {{2}} {{1}}"}, TemplateUse{Body: []TemplateValue{{Text: "a"}, {Text: "b"}, {Text: "c"}}}, "c b a"},
		{Template{Named: true, Body: "{{b}} {{a}} $1"}, TemplateUse{Body: []TemplateValue{{Name: "a", Text: "$1"}, {Name: "b", Text: "B"}}}, "B $1 $1"},
	} {
		if got := TemplateText(c.t, c.use); got != c.want {
			t.Errorf("%+v: %q", c.t, got)
		}
	}
}

func TestCompleteTemplate(t *testing.T) {
	t.Parallel()
	use := orderUse()
	use.Buttons = append(use.Buttons, TemplateButtonValue{Index: 0, Value: "p"}, TemplateButtonValue{Index: 9, Value: "q"}, TemplateButtonValue{Index: -1})
	before := slices.Clone(use.Buttons)
	got := CompleteTemplate(orderUpdate(), use)
	want := []TemplateButtonValue{{1, "A-17", "URL"}, {0, "p", "QUICK_REPLY"}, {9, "q", ""}, {-1, "", ""}}
	if diff := cmp.Diff(want, got.Buttons); diff != "" || got.Category != "UTILITY" {
		t.Errorf("%q (-want +got):\n%s", got.Category, diff)
	}
	if diff := cmp.Diff(before, use.Buttons); diff != "" {
		t.Errorf("the caller's was changed:\n%s", diff)
	}
}

// Whatever a template and its values are, one that is found good leaves no variable
// open and fits, and one that is not says so without repeating a value.
func TestAnyTemplate(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		tpl := Template{Name: "n", Language: "es", Status: "APPROVED", Named: rapid.Bool().Draw(r, "named")}
		use := TemplateUse{Name: "n", Language: "es"}
		for i := range rapid.IntRange(0, 4).Draw(r, "variables") {
			name := fmt.Sprint(rapid.IntRange(1, 3).Draw(r, "number"))
			if tpl.Named {
				name = "v" + name
			}
			tpl.Body += fmt.Sprintf("%d {{%s}} ", i, name)
		}
		for range rapid.IntRange(0, 4).Draw(r, "values") {
			v := TemplateValue{Text: rapid.SampledFrom([]string{"", "secret", "secret\n", "se    cret", strings.Repeat("secret", 200)}).Draw(r, "value")}
			if rapid.Bool().Draw(r, "has a name") {
				v.Name = fmt.Sprintf("v%d", rapid.IntRange(1, 3).Draw(r, "name"))
			}
			use.Body = append(use.Body, v)
		}
		err := CheckTemplate(tpl, use)
		if err != nil {
			if !errors.Is(err, ErrInvalid) || strings.Contains(err.Error(), "secret") {
				r.Fatal(err)
			}
			return
		}
		if text := TemplateText(tpl, use); strings.Contains(text, "{{") || utf8.RuneCountInString(text) > MaxCaption {
			r.Fatalf("%q", text)
		}
	})
}

// TestSendCompletesTemplates: the sender is told what only the template knows, and the
// message that the store handed out stays as it was.
func TestSendCompletesTemplates(t *testing.T) {
	t.Parallel()
	use := orderUse()
	content := &Content{Kind: ContentTemplate, Template: &use}
	store := &channelStore{templates: []Template{orderUpdate()}}
	store.next = &Outgoing{ID: "o", Channel: "n1", Attempt: 1, To: Identity{Phone: "1"}, Content: content}
	var sent *TemplateUse
	g, err := New(withFakes(Config{Store: store, Sender: fakeSender(func(o *Outgoing) (SendResult, error) {
		sent = o.Content.Template
		return SendResult{Outcome: SendAccepted, ProviderID: "w"}, nil
	})}))
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Deliver(t.Context()); err != nil {
		t.Fatal(err)
	}
	if sent == nil || sent.Category != "UTILITY" || sent.Buttons[0].Type != "URL" || use.Category != "" || use.Buttons[0].Type != "" {
		t.Errorf("sent %+v of %+v", sent, use)
	}
}
