package sources

import (
	"bytes"
	"compress/gzip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
)

// maxLocation bounds one address of a sitemap.
const maxLocation = 2048

// sitemap is what one sitemap lists: pages, or further sitemaps.
type sitemap struct {
	pages []located
	maps  []string
}

// located is an address with the time of its last change, zero if it is not told.
type located struct {
	address string
	changed time.Time
}

// errNoSitemap says that something is no sitemap at all.
var errNoSitemap = fmt.Errorf("%w: it holds neither a urlset nor a sitemapindex", ErrSitemap)

// parseSitemap reads a sitemap, an index of sitemaps or a text with an address in each
// line, packed by gzip or not, of up to limit bytes and count addresses.
func parseSitemap(data []byte, limit int64, count int) (sitemap, error) {
	data, err := unpacked(data, limit)
	if err != nil {
		return sitemap{}, err
	}
	data = bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
	if !bytes.HasPrefix(data, []byte("<")) && !utf16(data) {
		return parseList(data, count)
	}
	return parseXML(data, count)
}

func utf16(data []byte) bool {
	return bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff"))
}

// unpacked unpacks gzip, whatever the name or the server says.
func unpacked(data []byte, limit int64) ([]byte, error) {
	if !bytes.HasPrefix(data, []byte("\x1f\x8b")) {
		return data, nil
	}
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: it is damaged (%w)", ErrSitemap, err)
	}
	plain, err := io.ReadAll(io.LimitReader(reader, limit+1))
	if err != nil {
		return nil, fmt.Errorf("%w: it is damaged (%w)", ErrSitemap, err)
	}
	if int64(len(plain)) > limit {
		return nil, fmt.Errorf("%w: it unfolds: %w", ErrSitemap, tooLarge(limit))
	}
	return plain, nil
}

// parseList reads one address per line.
func parseList(data []byte, count int) (sitemap, error) {
	var s sitemap
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if !isAddress(line) || !utf8.ValidString(line) {
			return sitemap{}, errNoSitemap
		}
		if err := s.add("url", element{Location: line}, count); err != nil {
			return sitemap{}, err
		}
	}
	if len(s.pages) == 0 {
		return sitemap{}, errNoSitemap
	}
	return s, nil
}

// element is a url or a sitemap. Fields of extensions, such as an image's own location,
// are in other namespaces.
type element struct {
	Location string
	Changed  string
}

// parseXML reads the standard's form, element by element.
func parseXML(data []byte, count int) (sitemap, error) {
	decoder := xml.NewDecoder(bytes.NewReader(data))
	decoder.CharsetReader = charset.NewReaderLabel
	root, s := "", sitemap{}
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return sitemap{}, damagedXML(root, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch name := start.Name.Local; {
		case root == "":
			if root = name; root != "urlset" && root != "sitemapindex" {
				return sitemap{}, errNoSitemap
			}
		case root == "urlset" && name == "url" || root == "sitemapindex" && name == "sitemap":
			e, err := readElement(decoder, start)
			if err == nil {
				err = s.add(name, e, count)
			}
			if err != nil {
				return sitemap{}, err
			}
		default:
			if err := decoder.Skip(); err != nil {
				return sitemap{}, damagedXML(root, err)
			}
		}
	}
	if root == "" {
		return sitemap{}, errNoSitemap
	}
	return s, nil
}

func damagedXML(root string, err error) error {
	if root == "" {
		return errNoSitemap
	}
	if syntax, ok := errors.AsType[*xml.SyntaxError](err); ok {
		return fmt.Errorf("%w: line %d is damaged (%s)", ErrSitemap, syntax.Line, syntax.Msg)
	}
	return fmt.Errorf("%w: it is damaged (%w)", ErrSitemap, err)
}

// readElement reads loc and lastmod of an element, those right inside of it and in its
// own namespace.
func readElement(decoder *xml.Decoder, parent xml.StartElement) (element, error) {
	var e element
	for {
		token, err := decoder.Token()
		if err != nil {
			return e, damagedXML(parent.Name.Local, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			if _, end := token.(xml.EndElement); end {
				return e, nil
			}
			continue
		}
		var text string
		if start.Name.Space == parent.Name.Space && (start.Name.Local == "loc" || start.Name.Local == "lastmod") {
			err = decoder.DecodeElement(&text, &start)
		} else {
			err = decoder.Skip()
		}
		if err != nil {
			return e, damagedXML(parent.Name.Local, err)
		}
		switch {
		case text == "":
		case start.Name.Local == "loc":
			e.Location = strings.TrimSpace(text)
		default:
			e.Changed = strings.TrimSpace(text)
		}
	}
}

// add notes one entry. One without an address that can be one is passed over.
func (s *sitemap) add(name string, e element, count int) error {
	if len(s.pages)+len(s.maps) >= count {
		return fmt.Errorf("%w: it lists more than %d addresses", ErrSitemap, count)
	}
	switch {
	case e.Location == "" || len(e.Location) > maxLocation:
	case name == "sitemap":
		s.maps = append(s.maps, e.Location)
	default:
		s.pages = append(s.pages, located{e.Location, changedBy(e.Changed)})
	}
	return nil
}

// changedBy reads a time of last change: the latest moment that it can mean, and zero if
// it can't be read.
func changedBy(text string) time.Time {
	// Of a day without an hour nobody knows the time zone, nor of a time without one.
	const zones = 14 * time.Hour
	for _, form := range []struct {
		layout string
		until  func(time.Time) time.Time
	}{
		{time.RFC3339Nano, func(t time.Time) time.Time { return t }},
		{"2006-01-02T15:04Z07:00", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02T15:04:05Z0700", func(t time.Time) time.Time { return t }},
		{"2006-01-02T15:04:05", func(t time.Time) time.Time { return t.Add(zones) }},
		{time.DateTime, func(t time.Time) time.Time { return t.Add(zones) }},
		{time.DateOnly, func(t time.Time) time.Time { return t.AddDate(0, 0, 1).Add(zones) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0).Add(zones) }},
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0).Add(zones) }},
	} {
		if at, err := time.Parse(form.layout, text); err == nil {
			return form.until(at)
		}
	}
	return time.Time{}
}
