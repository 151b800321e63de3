package desk

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/recado/recado/gateway"
)

func TestHowTheChannelTakesAFile(t *testing.T) {
	t.Parallel()
	ogg := func(channels byte) []byte {
		return append([]byte("OggS\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x13OpusHead\x01"), channels, 0, 0, 0x80, 0xbb, 0, 0, 0, 0, 0)
	}
	for name, test := range map[string]struct {
		head []byte
		size int64
		kind gateway.ContentKind
		mime string
	}{
		"jpeg":              {[]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), 5 << 20, gateway.ContentImage, "image/jpeg"},
		"jpeg over 5 MB":    {[]byte("\xff\xd8\xff\xe0\x00\x10JFIF"), 5<<20 + 1, gateway.ContentDocument, "image/jpeg"},
		"png":               {[]byte("\x89PNG\r\n\x1a\n"), 9, gateway.ContentImage, "image/png"},
		"gif":               {[]byte("GIF89a"), 9, gateway.ContentDocument, "image/gif"},
		"webp":              {[]byte("RIFF\x00\x00\x00\x00WEBPVP8 "), 9, gateway.ContentDocument, "image/webp"},
		"mp4":               {[]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), 16 << 20, gateway.ContentVideo, "video/mp4"},
		"mp4 over 16 MB":    {[]byte("\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom"), 16<<20 + 1, gateway.ContentDocument, "video/mp4"},
		"3gp":               {[]byte("\x00\x00\x00\x18ftyp3gp4\x00\x00\x00\x003gp4"), 9, gateway.ContentVideo, "video/3gpp"},
		"quicktime":         {[]byte("\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  "), 9, gateway.ContentDocument, "video/quicktime"},
		"m4a":               {[]byte("\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A "), 9, gateway.ContentAudio, "audio/mp4"},
		"mp3":               {[]byte("ID3\x03\x00\x00\x00\x00\x00\x21"), 9, gateway.ContentAudio, "audio/mpeg"},
		"mp3 over 16 MB":    {[]byte("ID3\x03\x00\x00\x00\x00\x00\x21"), 16<<20 + 1, gateway.ContentDocument, "audio/mpeg"},
		"amr":               {[]byte("#!AMR\n"), 9, gateway.ContentAudio, "audio/amr"},
		"opus, one channel": {ogg(1), 9, gateway.ContentAudio, "audio/ogg"},
		"opus, two":         {ogg(2), 9, gateway.ContentDocument, "audio/ogg"},
		"pdf":               {[]byte("%PDF-1.7\n"), 9, gateway.ContentDocument, "application/pdf"},
		"text":              {[]byte("hola, qué tal"), 9, gateway.ContentDocument, "text/plain"},
		"a program":         {[]byte("MZ\x90\x00"), 9, gateway.ContentDocument, "application/vnd.microsoft.portable-executable"},
	} {
		if kind, mime := sendAs(sniff(test.head), test.head, test.size); kind != test.kind || mime != test.mime {
			t.Errorf("%s goes as %s, %s; want %s, %s", name, kind, mime, test.kind, test.mime)
		}
	}
}

func TestCleanNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Factura.pdf": "Factura.pdf", `C:\a\b.doc`: "b.doc", "../../etc/passwd": "passwd", "a\r\nb": "ab", "": "", "/": "", "..": "", ".": "", "...": "",
		"invoice\u202efdp.exe": "invoicefdp.exe", "  x  ": "x", "a\xffb": "ab",
		strings.Repeat("n", 300) + ".pdf": strings.Repeat("n", 180) + "…" + strings.Repeat("n", 15) + ".pdf",
	} {
		if got := cleanName(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}

func TestCleanNamesAreOneLineWithoutAPath(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := cleanName(rapid.String().Draw(t, "name"))
		if strings.ContainsAny(name, "/\\\r\n\x00") || !utf8.ValidString(name) || utf8.RuneCountInString(name) > maxName ||
			strings.ContainsFunc(name, unicode.IsControl) || cleanName(name) != strings.TrimSpace(name) {
			t.Fatalf("%q", name)
		}
	})
}

func TestAnswersOfAForm(t *testing.T) {
	t.Parallel()
	for form, want := range map[string][]answer{
		`{"b":"x","a":[1,{"c":true}],"n":null,"flow_token":"secret"}`: {{"b", "x"}, {"a › 1", "1"}, {"a › 2 › c", "✓"}},
		`"words"`:                    {{"", "words"}},
		`{"a":`:                      {{"", `{"a":`}},
		`{}`:                         nil,
		``:                           {{"", ""}},
		strings.Repeat("[", 100_000): {{"", strings.Repeat("[", 100_000)}},
	} {
		if diff := cmp.Diff(want, answers(json.RawMessage(form))); diff != "" {
			t.Errorf("%.40s (-want +got):\n%s", form, diff)
		}
	}
	if got := answers(json.RawMessage("[" + strings.Repeat("1,", 500) + "1]")); len(got) != maxAnswers {
		t.Errorf("%d answers are shown", len(got))
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(`{"a":{"b":[1,2.5e9,"x",null,false]}}`))
	f.Add([]byte(`{"a":`))
	f.Fuzz(func(t *testing.T, form []byte) {
		if list := answers(form); len(list) > maxAnswers {
			t.Errorf("%d answers", len(list))
		}
	})
}

func TestSizes(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64][2]string{
		0: {"0 B", "0 B"}, 999: {"999 B", "999 B"}, 1000: {"1 kB", "1 kB"}, 20_400: {"20 kB", "20 kB"}, 1_250_000: {"1,2 MB", "1.2 MB"},
	} {
		if es, en := size("es", n), size("en", n); es != want[0] || en != want[1] {
			t.Errorf("%d is %q and %q", n, es, en)
		}
	}
}

func TestWhyFilesFail(t *testing.T) {
	t.Parallel()
	for title, want := range map[string][2]string{
		"The channel does not have the file any more": {"file_gone"}, "The file is larger than 100 MB": {"file_large"},
		"The file was damaged on its way": {"file_damaged"}, "This installation does not fetch files": {"file_unfetched"},
		"The file could not be fetched": {"file_failed"}, "Something else": {"file_failed", "Something else"},
	} {
		if phrase, reason := whyFailed(&gateway.SendError{Title: title}); phrase != want[0] || reason != want[1] {
			t.Errorf("%s: %s, %q", title, phrase, reason)
		}
	}
	if phrase, reason := whyFailed(nil); phrase != "file_failed" || reason != "" {
		t.Errorf("nil: %s, %q", phrase, reason)
	}
}

// TestVariables: numbers count, names stay in their order, and each is asked for once.
func TestVariables(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"{{2}} and {{1}} and {{10}} and {{2}}": {"1", "2", "10"},
		"{{ name }}, {{date}} {{name}}":        {"name", "date"},
		"no {1} {{}} {{a b}}":                  nil,
		"{{año}} {{order_2}}":                  {"order_2"},
	} {
		if diff := cmp.Diff(want, variables(text)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
}
