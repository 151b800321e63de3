package evals

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/recado/recado/rag/pii"
)

// PIIExample is a text whose personal data somebody marked. Start and End of a mark
// count runes.
type PIIExample struct {
	ID    string    `json:"id"`
	Text  string    `json:"text"`
	Spans []PIISpan `json:"spans"`
}

// PIISpan is one mark. Type is what the data set calls it.
type PIISpan struct {
	Start int    `json:"start"`
	End   int    `json:"end"`
	Type  string `json:"type"`
	Text  string `json:"text"`
}

// maxPIILine bounds a line of the data, in bytes.
const maxPIILine = 4 << 20

// ReadPII reads marked texts, one JSON object a line. A mark outside of its text, or
// that holds another text than it says, is an error: counted in bytes instead of runes
// the marks of a Spanish text slip unseen.
func ReadPII(r io.Reader) ([]PIIExample, error) {
	var list []PIIExample
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxPIILine)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		var one PIIExample
		if err := decodeRow(lines.Bytes(), &one); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if err := one.check(); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		list = append(list, one)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the marked texts: %w", err)
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the file holds no line with text and spans")
	}
	return list, nil
}

func (e PIIExample) check() error {
	runes := []rune(e.Text)
	for i, s := range e.Spans {
		if s.Start < 0 || s.End <= s.Start || s.End > len(runes) {
			return fmt.Errorf("span %d does not lie in the text", i+1)
		}
		if s.Text != "" && s.Text != string(runes[s.Start:s.End]) {
			return fmt.Errorf("span %d holds another text than it says; its offsets have to count characters, not bytes", i+1)
		}
	}
	return nil
}

// piiKinds are what data sets call the kinds that pii.Find knows.
var piiKinds = map[string]pii.Kind{
	"CREDIT_CARD": pii.Card, "CARD": pii.Card,
	"IBAN_CODE": pii.IBAN, "IBAN": pii.IBAN,
	"EMAIL_ADDRESS": pii.Email, "EMAIL": pii.Email, "CORREO_ELECTRONICO": pii.Email,
	"PHONE_NUMBER": pii.Phone, "PHONE": pii.Phone, "NUMERO_TELEFONO": pii.Phone, "NUMERO_FAX": pii.Phone,
	"IP_ADDRESS": pii.IP, "IP": pii.IP,
	"DOMAIN_NAME": pii.URL, "URL": pii.URL, "URL_WEB": pii.URL,
	"US_SSN": pii.ID, "US_DRIVER_LICENSE": pii.ID, "US_PASSPORT": pii.ID, "ES_NIF": pii.ID, "ES_NIE": pii.ID, "ID": pii.ID,
	"ID_SUJETO_ASISTENCIA": pii.ID, "ID_ASEGURAMIENTO": pii.ID, "ID_TITULACION_PERSONAL_SANITARIO": pii.ID,
	"ID_CONTACTO_ASISTENCIAL": pii.ID, "ID_EMPLEO_PERSONAL_SANITARIO": pii.ID,
	"STREET_ADDRESS": pii.Address, "ADDRESS": pii.Address, "CALLE": pii.Address,
	"ZIP_CODE": pii.Postcode, "POSTCODE": pii.Postcode,
	"PERSON": pii.Name, "NAME": pii.Name, "NOMBRE_SUJETO_ASISTENCIA": pii.Name, "NOMBRE_PERSONAL_SANITARIO": pii.Name,
	"PASSWORD": pii.Secret, "SECRET": pii.Secret, "CODE": pii.Code,
	"DATE_TIME": pii.Date, "DATE": pii.Date, "FECHAS": pii.Date, "BIRTH": pii.Birth,
}

// PIIFigures are those of one kind, or of one type of a data set that is no kind of
// Recado's: nothing looks for that, and what is found of it is found as something else.
type PIIFigures struct {
	// N is how many marks there are.
	N int `json:"n"`
	// Recall is the share of the marks that a finding of the same kind touches.
	Recall Share `json:"recall"`
	// Touched is the share of the marks that any finding touches.
	Touched Share `json:"touched"`
	// Covered is the share of the marks no letter or figure of which is left.
	Covered Share `json:"covered"`
	// Precision is the share of the findings of the kind that touch a mark of it.
	Precision Share `json:"precision"`
	// Personal is the share of the findings of the kind that touch any mark.
	Personal Share `json:"personal"`
}

// PIIReport says how much of the personal data of a data set is found.
type PIIReport struct {
	N         int                   `json:"n"`
	Spans     int                   `json:"spans"`
	Overall   PIIFigures            `json:"overall"`
	Reachable PIIFigures            `json:"reachable"` // of the kinds that pii.Find knows
	ByKind    map[string]PIIFigures `json:"by_kind"`
	ByType    map[string]PIIFigures `json:"by_type"` // as the data set names them
}

// MeasurePII asks pii.Find for the personal data of each text. A finding and a mark
// meet when they overlap by one character.
func MeasurePII(examples []PIIExample) PIIReport {
	r := PIIReport{N: len(examples)}
	var all, reachable piiTally
	kinds, types := map[string]*piiTally{}, map[string]*piiTally{}
	for _, e := range examples {
		found, marks := runeSpans(e.Text), e.marks()
		r.Spans += len(marks)
		for _, m := range marks {
			hit := m.meet(e.Text, found)
			all.mark(hit)
			at(types, m.name).mark(hit)
			at(kinds, cmp.Or(string(m.kind), m.name)).mark(hit)
			if m.kind != "" {
				reachable.mark(hit)
			}
		}
		for _, f := range found {
			same, any := f.among(marks)
			for _, t := range []*piiTally{&all, &reachable, at(kinds, string(f.kind))} {
				t.find(same, any)
			}
		}
	}
	r.Overall, r.Reachable, r.ByKind, r.ByType = all.figures(), reachable.figures(), figuresOf(kinds), figuresOf(types)
	return r
}

// runeSpan is a mark or a finding, in runes. A date of birth is a date.
type runeSpan struct {
	start, end int
	kind       pii.Kind
	name       string
}

func (e PIIExample) marks() []runeSpan {
	list := make([]runeSpan, len(e.Spans))
	for i, s := range e.Spans {
		list[i] = runeSpan{s.Start, s.End, piiKinds[strings.ToUpper(s.Type)], s.Type}
	}
	return list
}

func runeSpans(text string) []runeSpan {
	var list []runeSpan
	bytes, runes := 0, 0
	for _, s := range pii.Find(text) {
		runes += len([]rune(text[bytes:s.Start]))
		end := runes + len([]rune(s.Text))
		list = append(list, runeSpan{runes, end, s.Kind, string(s.Kind)})
		bytes, runes = s.End, end
	}
	return list
}

// alike tells whether two kinds are one to a data set: most mark a date of birth as a
// date, and a postcode as a part of the address.
func alike(a, b pii.Kind) bool {
	pair := func(x, y pii.Kind) bool { return a == x && b == y || a == y && b == x }
	return a == b || pair(pii.Date, pii.Birth) || pair(pii.Address, pii.Postcode)
}

type piiHit struct{ same, touched, covered bool }

// meet holds a mark against what was found in its text.
func (m runeSpan) meet(text string, found []runeSpan) piiHit {
	var hit piiHit
	left := []rune(text)[m.start:m.end]
	for _, f := range found {
		if f.start >= m.end || m.start >= f.end {
			continue
		}
		hit.touched = true
		hit.same = hit.same || alike(m.kind, f.kind)
		for i := max(f.start, m.start); i < min(f.end, m.end); i++ {
			left[i-m.start] = ' '
		}
	}
	hit.covered = hit.touched && strings.Trim(string(left), " .,;:-/()\n\t") == ""
	return hit
}

// among tells whether a finding meets a mark of its kind, and any mark.
func (m runeSpan) among(marks []runeSpan) (same, any bool) {
	for _, g := range marks {
		if g.start < m.end && m.start < g.end {
			any = true
			same = same || alike(m.kind, g.kind)
		}
	}
	return same, any
}

type piiTally struct{ marks, same, touched, covered, found, right, personal int }

func (t *piiTally) mark(hit piiHit) {
	t.marks++
	t.same += oneIf(hit.same)
	t.touched += oneIf(hit.touched)
	t.covered += oneIf(hit.covered)
}

func (t *piiTally) find(same, any bool) {
	t.found++
	t.right += oneIf(same)
	t.personal += oneIf(any)
}

func (t *piiTally) figures() PIIFigures {
	return PIIFigures{
		N: t.marks, Recall: newShare(t.same, t.marks), Touched: newShare(t.touched, t.marks), Covered: newShare(t.covered, t.marks),
		Precision: newShare(t.right, t.found), Personal: newShare(t.personal, t.found),
	}
}

func oneIf(b bool) int {
	if b {
		return 1
	}
	return 0
}

func at(m map[string]*piiTally, key string) *piiTally {
	if m[key] == nil {
		m[key] = &piiTally{}
	}
	return m[key]
}

func figuresOf(m map[string]*piiTally) map[string]PIIFigures {
	list := map[string]PIIFigures{}
	for key, t := range m {
		list[key] = t.figures()
	}
	return list
}

// WriteJSON writes the report.
func (r PIIReport) WriteJSON(w io.Writer) error { return writeJSON(w, r) }

// WriteTable writes a row for each kind, the most frequent first.
func (r PIIReport) WriteTable(w io.Writer) error {
	fmt.Fprintf(w, "%d texts, %d marks. Intervals are Wilson's at 95 %%.\n\n", r.N, r.Spans)
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\tmarks\trecall\tfound as anything\twholly covered\tprecision\tof findings, personal")
	row := func(name string, f PIIFigures) {
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\t%s\n", name, f.N, f.Recall, f.Touched, f.Covered, f.Precision, f.Personal)
	}
	byCount := func(a, b string) int { return cmp.Or(cmp.Compare(r.ByKind[b].N, r.ByKind[a].N), cmp.Compare(a, b)) }
	for _, kind := range slices.SortedFunc(maps.Keys(r.ByKind), byCount) {
		row(kind, r.ByKind[kind])
	}
	row("kinds that are looked for", r.Reachable)
	row("all", r.Overall)
	return table.Flush()
}
