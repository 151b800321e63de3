package report

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/recado/recado/evals/replay"
)

// mostRecords is how many changes of a replay show their whole decision records: those take
// most of the room, and all are in the JSON. mostChanges is how many are shown at all.
const (
	mostRecords = 200
	mostChanges = 2000
)

// replayPage is what the template of a replay is given.
type replayPage struct {
	shell
	Bodies []template.HTML
	Groups []changeGroup
	// Changed is how many turns changed, Shown how many of them are on the page, and
	// Recorded how many with their records.
	Changed, Shown, Recorded int
}

// replayBody is what one language of it shows.
type replayBody struct {
	replay.Result
	Language string
	Kinds    []changeKind
}

// changeKind is how many turns changed in one way.
type changeKind struct {
	Kind         replay.Kind
	Risky        bool
	Exact, After int
}

// changeGroup are the turns that changed in one way.
type changeGroup struct {
	Kind  replay.Kind
	Words text
	Risky bool
	All   int
	Turns []change
}

// change is a turn that came out differently, both sides with what differs in the words.
type change struct {
	replay.Turn
	Remarks   text
	Was, Now  changeSide
	Different []piece
}

// changeSide is one of the two.
type changeSide struct {
	replay.Side
	replay.Detail
	Why    text
	Pieces []piece
	// Whole is the record as it is written out, empty where it has no room.
	Whole string
}

// WriteReplay writes a replay of real conversations as one file that needs nothing else, in
// Spanish and English: the verdict, how much changed in which way, and what changed, the
// riskiest first, each turn beside what it becomes, with both decision records.
func WriteReplay(w io.Writer, r replay.Result, language string) error {
	language = cmp.Or(language, "en")
	top, err := newShell(language, r.Title(language))
	if err != nil {
		return err
	}
	p := replayPage{shell: top}
	p.group(r.Changed())
	var whole *template.Template
	for _, one := range []string{"es", "en"} {
		t, err := templates(one)
		if err != nil {
			return err
		}
		if whole == nil || one == language {
			whole = t
		}
		var b bytes.Buffer
		if err := t.ExecuteTemplate(&b, "replayed", replayBody{Result: r, Language: one, Kinds: changeKinds(r)}); err != nil {
			return fmt.Errorf("write a replay as HTML: %w", err)
		}
		p.Bodies = append(p.Bodies, template.HTML(b.String()))
	}
	var b bytes.Buffer
	if err := whole.ExecuteTemplate(&b, "replay.html", p); err != nil {
		return fmt.Errorf("write a replay as HTML: %w", err)
	}
	return write(w, "HTML", b.Bytes())
}

// changeKinds are the kinds that there are; unchanged turns are always there.
func changeKinds(r replay.Result) (list []changeKind) {
	for _, k := range append(replay.Kinds(), replay.Same) {
		if one := (changeKind{k, k.Risky(), r.Counts[k], r.CountsAfter[k]}); one.Exact+one.After > 0 || k == replay.Same {
			list = append(list, one)
		}
	}
	return list
}

// group puts the changes, which come by risk, under their kinds.
func (p *replayPage) group(changed []replay.Turn) {
	p.Changed = len(changed)
	for i, t := range changed {
		if last := len(p.Groups) - 1; last < 0 || p.Groups[last].Kind != t.Kind {
			p.Groups = append(p.Groups, changeGroup{Kind: t.Kind, Risky: t.Kind.Risky(), Words: text{t.Kind.In("es"), t.Kind.In("en")}})
		}
		group := &p.Groups[len(p.Groups)-1]
		group.All++
		if i >= mostChanges {
			continue
		}
		p.Shown++
		if i < mostRecords {
			p.Recorded++
		}
		group.Turns = append(group.Turns, newChange(t, i < mostRecords))
	}
}

func newChange(t replay.Turn, recorded bool) change {
	c := change{Turn: t, Remarks: text{strings.Join(t.Remarks("es"), " · "), strings.Join(t.Remarks("en"), " · ")}}
	c.Was, c.Now = newChangeSide(t.Was, recorded), newChangeSide(t.Now, recorded)
	for _, one := range differ(t.Was.Reply, t.Now.Reply) {
		if one.Op != "+" {
			c.Was.Pieces = append(c.Was.Pieces, one)
		}
		if one.Op != "-" {
			c.Now.Pieces = append(c.Now.Pieces, one)
		}
	}
	return c
}

func newChangeSide(s replay.Side, recorded bool) changeSide {
	side := changeSide{Side: s, Why: text{s.Why("es"), s.Why("en")}}
	if recorded {
		side.Detail, side.Whole = s.Detail(), s.Pretty()
	}
	return side
}

// both writes a phrase in both languages, of which the page shows one.
func both(key string) template.HTML { return either(phrases[key]) }

func either(t text) template.HTML {
	var b strings.Builder
	for _, language := range []string{"es", "en"} {
		fmt.Fprintf(&b, `<span class="either" lang="%s">%s</span>`, language, template.HTMLEscapeString(t.in(language)))
	}
	return template.HTML(b.String())
}
