package extract

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/unicode/norm"

	"github.com/recado/recado/knowledge"
)

// Reasons for which a Word file gives no text.
var (
	errOldWord    = errors.New("this is a Word file from before 2007 (.doc), or one with a password; save it as .docx without a password")
	errNoWord     = errors.New("this is no Word file, whatever its name says")
	errBrokenWord = errors.New("the Word file is broken; open it and save it again")
)

// maxPart is what a part of a Word file may unfold to. Its XML is some ten times as
// long as the text that it holds.
const maxPart = 128 << 20

// readDOCX reads a Word file: what a body says, with its headings, lists, tables,
// links and notes. Word files are read here, from their XML, because the libraries
// for them either leave out tables and lists, load a file of any size whole, or have
// a licence that does not fit.
func readDOCX(f file, maxText int) ([]knowledge.Extracted, error) {
	if isOLE(f.data) {
		return nil, errOldWord
	}
	archive, err := zip.NewReader(bytes.NewReader(f.data), int64(len(f.data)))
	if err != nil {
		if !bytes.HasPrefix(f.data, []byte("PK")) {
			return nil, errNoWord
		}
		return nil, fmt.Errorf("%w: %w", errBrokenWord, err)
	}
	main := mainPart(archive)
	if main == "" {
		return nil, errNoWord
	}
	d := &wordDocument{
		styles: map[string]wordStyle{}, numbers: map[string]string{}, levels: map[string]string{}, links: map[string]string{},
		languages: map[string]int{}, maxText: maxText,
	}
	folder := path.Dir(main)
	// All but the text itself may be missing.
	for _, part := range []struct {
		name string
		read func(*xml.Decoder) error
	}{
		{"docProps/core.xml", d.readCore},
		{path.Join(folder, "styles.xml"), d.readStyles},
		{path.Join(folder, "numbering.xml"), d.readNumbering},
		{path.Join(folder, "_rels", path.Base(main)+".rels"), d.readLinks},
		{main, d.readBody},
		{path.Join(folder, "footnotes.xml"), d.readNotes("footnote")},
		{path.Join(folder, "endnotes.xml"), d.readNotes("endnote")},
	} {
		if err := readPart(archive, part.name, part.read); err != nil {
			return nil, err
		}
	}
	body := d.markdown()
	if countWords(body, 1) == 0 {
		return nil, ErrEmpty
	}
	return []knowledge.Extracted{{Aside: d.about(), Body: body, Format: knowledge.FormatMarkdown}}, nil
}

// mainPart is the part that has the text, as the package says or as Word calls it.
func mainPart(archive *zip.Reader) string {
	name := ""
	// A package whose relations can't be read has its text where Word puts it.
	_ = readPart(archive, "_rels/.rels", func(decoder *xml.Decoder) error {
		return elementsOf(decoder, func(e xml.StartElement) error {
			if e.Name.Local == "Relationship" && strings.HasSuffix(value(e, "Type"), "/officeDocument") {
				name = strings.TrimPrefix(path.Clean(value(e, "Target")), "/")
			}
			return nil
		})
	})
	for _, name := range []string{name, "word/document.xml"} {
		if strings.HasPrefix(name, "word/") && strings.HasSuffix(name, ".xml") && partOf(archive, name) != nil {
			return name
		}
	}
	return ""
}

func partOf(archive *zip.Reader, name string) *zip.File {
	for _, part := range archive.File {
		if strings.EqualFold(part.Name, name) {
			return part
		}
	}
	return nil
}

// readPart reads one XML part, of bounded size. A part that is missing is empty.
func readPart(archive *zip.Reader, name string, read func(*xml.Decoder) error) error {
	part := partOf(archive, name)
	if part == nil {
		return nil
	}
	content, err := part.Open()
	if err != nil {
		return fmt.Errorf("%w: %w", errBrokenWord, err)
	}
	defer content.Close()
	limited := &io.LimitedReader{R: content, N: maxPart}
	decoder := xml.NewDecoder(limited)
	decoder.CharsetReader = charset.NewReaderLabel
	err = read(decoder)
	switch {
	case limited.N <= 0:
		return fmt.Errorf("%w: it unfolds to more than %d MiB", ErrTooMuch, maxPart>>20)
	case err == nil || errors.Is(err, ErrTooMuch):
		return err
	}
	return fmt.Errorf("%w: %s: %w", errBrokenWord, path.Base(name), err)
}

// maxDepth is how deep a Word file may nest its elements; real ones stay below 100.
const maxDepth = 1000

var errTooDeep = errors.New("its elements are nested too deep")

// elementsOf calls visit for every element up to the end.
func elementsOf(decoder *xml.Decoder, visit func(xml.StartElement) error) error {
	for depth := 0; ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return errTooDeep
			}
			if err := visit(t); err != nil {
				return err
			}
		case xml.EndElement:
			depth--
		}
	}
}

// value is an attribute of an element, whatever its namespace.
func value(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// on says whether a property that is on by its mere presence is.
func on(e xml.StartElement) bool {
	switch value(e, "val") {
	case "0", "false", "off", "none":
		return false
	}
	return true
}

// wordStyle is what a style says of a paragraph.
type wordStyle struct {
	heading int // 1 to 6, 0 for text
	title   bool
	based   string
	number  string // the numbering that a list style has
}

// wordDocument is a Word file as far as it is read.
type wordDocument struct {
	title, language string
	fallback        string // the language of the styles
	languages       map[string]int
	styles          map[string]wordStyle
	numbers         map[string]string // abstract numbering by number
	levels          map[string]string // format by abstract numbering and level
	links           map[string]string
	blocks          []wordBlock
	maxText, size   int
}

// readCore reads title and language from the core properties.
func (d *wordDocument) readCore(decoder *xml.Decoder) error {
	field := ""
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.StartElement:
			field = t.Name.Local
		case xml.EndElement:
			field = ""
		case xml.CharData:
			switch field {
			case "title":
				d.title = realTitle(string(t))
			case "language":
				d.language = cleanLocale(string(t))
			}
		}
	}
}

// readStyles learns which styles are headings, in whatever language: by their
// outline level, or by the English name that Word keeps for its own styles.
func (d *wordDocument) readStyles(decoder *xml.Decoder) error {
	id, style := "", wordStyle{}
	err := elementsOf(decoder, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "style":
			d.styles[id] = style
			id, style = value(e, "styleId"), wordStyle{}
		case "name":
			name := strings.ToLower(value(e, "val"))
			style.title = name == "title"
			if level, ok := strings.CutPrefix(name, "heading "); ok {
				style.heading = level1to6(level, 0)
			}
		case "basedOn":
			style.based = value(e, "val")
		case "outlineLvl":
			style.heading = level1to6(value(e, "val"), 1)
		case "numId":
			style.number = value(e, "val")
		case "lang":
			if d.fallback == "" {
				d.fallback = cleanLocale(value(e, "val"))
			}
		}
		return nil
	})
	d.styles[id] = style
	delete(d.styles, "")
	return err
}

// level1to6 reads a level that begins with 1-add.
func level1to6(text string, add int) int {
	level, err := strconv.Atoi(text)
	if level += add; err != nil || level < 1 || level > 9 {
		return 0
	}
	return min(level, 6)
}

// wordHeading is what programs call the styles of headings, in English and in Spanish;
// Word leaves letters with accents out of the names that it makes.
var wordHeading = regexp.MustCompile(`^(?:heading|t(?:í|i)?tulo|encabezado) ?([1-9])$`)

// styleByID tells what a style is by its name alone, for files that lack the part with
// the styles.
func styleByID(id string) wordStyle {
	name := strings.ToLower(norm.NFC.String(id))
	if found := wordHeading.FindStringSubmatch(name); found != nil {
		return wordStyle{heading: level1to6(found[1], 0)}
	}
	return wordStyle{title: slices.Contains([]string{"title", "ttulo", "título", "titulo"}, name)}
}

// style follows what a style is based on.
func (d *wordDocument) style(id string) wordStyle {
	style, known := d.styles[id]
	if !known {
		return styleByID(id)
	}
	for based, steps := style.based, 0; based != "" && steps < 16; steps++ {
		parent := d.styles[based]
		if style.heading == 0 {
			style.heading = parent.heading
		}
		if style.number == "" {
			style.number = parent.number
		}
		style.title = style.title || parent.title
		based = parent.based
	}
	return style
}

// readNumbering learns which lists are numbered.
func (d *wordDocument) readNumbering(decoder *xml.Decoder) error {
	abstract, level, number := "", "", ""
	return elementsOf(decoder, func(e xml.StartElement) error {
		switch e.Name.Local {
		case "abstractNum":
			abstract = value(e, "abstractNumId")
		case "lvl":
			level = value(e, "ilvl")
		case "numFmt":
			if number == "" {
				d.levels[abstract+"/"+level] = value(e, "val")
			}
		case "num":
			number = value(e, "numId")
		case "abstractNumId":
			d.numbers[number] = value(e, "val")
		}
		return nil
	})
}

// readLinks reads where the links lead.
func (d *wordDocument) readLinks(decoder *xml.Decoder) error {
	return elementsOf(decoder, func(e xml.StartElement) error {
		if e.Name.Local == "Relationship" && strings.HasSuffix(value(e, "Type"), "/hyperlink") {
			target := value(e, "Target")
			if strings.HasPrefix(target, "mailto:") || strings.HasPrefix(target, "tel:") || webURL(target) != "" {
				d.links[value(e, "Id")] = target
			}
		}
		return nil
	})
}

// about is what the file says of itself: its properties, else its title paragraph,
// and the language of most of its text.
func (d *wordDocument) about() knowledge.Meta {
	meta := knowledge.Meta{Title: d.title, Locale: d.language}
	for _, block := range d.blocks {
		if meta.Title == "" && block.style.title {
			meta.Title = oneLine(block.text)
		}
	}
	if meta.Locale == "" {
		meta.Locale = d.fallback
		for locale, count := range d.languages {
			if most := d.languages[meta.Locale]; locale != "" && (count > most || count == most && locale < meta.Locale) {
				meta.Locale = locale
			}
		}
	}
	return meta
}
