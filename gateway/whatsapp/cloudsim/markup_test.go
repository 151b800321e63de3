package cloudsim

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestRender(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"":                             "",
		"hola":                         "<p>hola</p>",
		"<b>&\"'":                      "<p>&lt;b&gt;&amp;&#34;&#39;</p>",
		"*a* _b_ ~c~ `d`":              "<p><strong>a</strong> <em>b</em> <s>c</s> <code>d</code></p>",
		"*_a_ b*":                      "<p><strong><em>a</em> b</strong></p>",
		"`*a*`":                        "<p><code>*a*</code></p>",
		"2*3*4 snake_case_name":        "<p>2*3*4 snake_case_name</p>",
		"* a* *a * ** *":               "<ul><li>a* *a * ** *</li></ul>",
		"*a* *":                        "<p><strong>a</strong> *</p>",
		"(*a*), *b*.":                  "<p>(<strong>a</strong>), <strong>b</strong>.</p>",
		"**a**":                        "<p>*<strong>a</strong>*</p>",
		"*a*b* c":                      "<p><strong>a*b</strong> c</p>",
		"*ñ*é":                         "<p>*ñ*é</p>",
		"a\nb\n\nc\r\nd":               "<p>a<br/>b</p><p>c<br/>d</p>",
		"x:\n- a\n- *b*\ny":            "<p>x:</p><ul><li>a</li><li><strong>b</strong></li></ul><p>y</p>",
		"3. a\n4) b":                   "<ol><li><span>3. </span>a</li><li><span>4) </span>b</li></ol>",
		"> a\n> b":                     "<blockquote>a<br/>b</blockquote>",
		"Sí.\n\nFuente: Envíos":        "<p>Sí.</p><cite>Fuente: Envíos</cite>",
		"Sources: A · B":               "<cite>Sources: A · B</cite>",
		"http:// https://":             "<p>http:// https://</p>",
		"javascript:alert(1)":          "<p>javascript:alert(1)</p>",
		"xhttps://a.test":              "<p>xhttps://a.test</p>",
		"(https://a.test/b_c_d?x=1&y)": `<p>(<a href="https://a.test/b_c_d?x=1&amp;y" target="_blank" rel="noopener noreferrer">https://a.test/b_c_d?x=1&amp;y</a>)</p>`,
		"*https://a.test*":             `<p><strong><a href="https://a.test" target="_blank" rel="noopener noreferrer">https://a.test</a></strong></p>`,
		`https://a.test/"onclick="x`:   `<p><a href="https://a.test/" target="_blank" rel="noopener noreferrer">https://a.test/</a>&#34;onclick=&#34;x</p>`,
		"a\x00b\x1b[31m\u0085c":        "<p>ab[31mc</p>",
		"a\xffb":                       "<p>a\uFFFDb</p>",
	}
	for text, want := range tests {
		if got := string(render(text)); got != want {
			t.Errorf("%q\n got %s\nwant %s", text, got, want)
		}
	}
}

// FuzzRender holds that what comes out is well formed, has no elements and
// attributes but the few that are meant, and loses no word.
func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		"*a _b ~c~_* `d`", "> q\n- l\n1. n\n\nFuente: x", "https://a.test/?q=<script>&\"'", "*_*_*_*", "a*b_c~d`",
		"\xff\x00<img src=x onerror=alert(1)>", "http://[::1]/*x*", "*https://a.test/*_*",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := readBack(string(render(text)))
		if err != nil {
			t.Fatalf("%q gives %s: %v", text, render(text), err)
		}
		if want := letters(text); got != want {
			t.Errorf("%q lost something: %q, want %q", text, got, want)
		}
	})
}

// readBack gives the letters of rendered HTML, or says what must not be in it.
func readBack(made string) (string, error) {
	made = strings.Map(func(r rune) rune {
		if r == 0xFFFE || r == 0xFFFF { // allowed in HTML, not in XML
			return -1
		}
		return r
	}, made)
	d := xml.NewDecoder(strings.NewReader("<x>" + made + "</x>"))
	allowed := []string{"x", "p", "br", "strong", "em", "s", "code", "ul", "ol", "li", "span", "blockquote", "cite", "a"}
	var b strings.Builder
	for {
		part, err := d.Token()
		if errors.Is(err, io.EOF) {
			return letters(b.String()), nil
		}
		if err != nil {
			return "", err
		}
		switch part := part.(type) {
		case xml.StartElement:
			if !slices.Contains(allowed, part.Name.Local) || len(part.Attr) > 0 && part.Name.Local != "a" {
				return "", errors.New("an element that is not meant: " + part.Name.Local)
			}
			if err := checkLink(part); err != nil {
				return "", err
			}
		case xml.CharData:
			b.Write(part)
		case xml.Comment, xml.ProcInst, xml.Directive:
			return "", errors.New("something that is no element")
		}
	}
}

func checkLink(e xml.StartElement) error {
	if e.Name.Local != "a" {
		return nil
	}
	if len(e.Attr) != 3 || e.Attr[0].Name.Local != "href" || !strings.HasPrefix(e.Attr[0].Value, "http") || e.Attr[2].Value != "noopener noreferrer" {
		return errors.New("a link that is not meant")
	}
	return nil
}

// letters leaves what no mark is made of.
func letters(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, strings.ToValidUTF8(text, ""))
}

func TestMetaJSONIsASCIIAndTheSameValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.MapOf(rapid.String(), rapid.String()).Draw(t, "value")
		got, err := metaJSON(value)
		if err != nil {
			t.Fatal(err)
		}
		var back map[string]string
		if err := json.Unmarshal(got, &back); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		for key, text := range value {
			if back[key] != text {
				t.Errorf("%q came back as %q", text, back[key])
			}
		}
		for i, c := range got {
			if c < ' ' || c > 0x7f || c == '/' && got[i-1] != '\\' {
				t.Fatalf("byte %#x in %s", c, got)
			}
		}
	})
}

func TestUserIDsAreStableAndScoped(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		phone := rapid.StringMatching(`[1-9][0-9]{6,14}`).Draw(t, "phone")
		id := userID("1", phone)
		if id != userID("1", phone) || id == userID("2", phone) {
			t.Errorf("%q", id)
		}
		if len(id) != 23 || strings.Trim(id[3:], "0123456789") != "" || strings.ToUpper(id) != id || strings.Contains(id, phone) {
			t.Errorf("%q", id)
		}
	})
	for phone, want := range map[string]string{"34600": "ES", "351910": "PT", "1650": "US", "998": "US", "44": "GB"} {
		if got := country(phone); got != want {
			t.Errorf("%s is of %s", phone, got)
		}
	}
}

func TestEveryPhraseIsThere(t *testing.T) {
	t.Parallel()
	for key, phrase := range phrases {
		if strings.TrimSpace(phrase.es) == "" || strings.TrimSpace(phrase.en) == "" {
			t.Errorf("%s lacks a language", key)
		}
	}
}
