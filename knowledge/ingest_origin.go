package knowledge

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// suffix matches what Parsed.Suffix can be.
var suffix = regexp.MustCompile(`(@[a-z0-9-]+)?(~[0-9a-f]{10})?$`)

// origins tells which source of a listing an indexed document came from: by its place,
// or by its ID where the document has a place of its own.
type origins struct {
	list   []Source
	places map[string]int
	names  map[string]int
	roots  map[string]bool // the names' first parts, by collection
	// documents are those of each source.
	documents [][]*Document
}

func newOrigins(list Listing, indexed []Document) origins {
	o := origins{
		list: list.Sources, places: make(map[string]int, len(list.Sources)), names: make(map[string]int, len(list.Sources)),
		roots: map[string]bool{}, documents: make([][]*Document, len(list.Sources)),
	}
	for at, s := range list.Sources {
		o.places[s.Place], o.names[s.Name] = at, at
		if s.Meta.ID != "" {
			o.names[s.Meta.ID] = at
		}
		o.roots[root(s.Collection, s.Name)] = true
	}
	for i := range indexed {
		if at := o.of(&indexed[i]); at >= 0 {
			o.documents[at] = append(o.documents[at], &indexed[i])
		}
	}
	return o
}

// root tells the collection and the first part of a name, which its sources share.
func root(collection, name string) string {
	first, _, _ := strings.Cut(name, "/")
	return collection + "\x00" + first
}

// of is the place of the source in the listing, -1 if it is not listed. A page that leads
// to another one has the other's place, and its own name.
func (o origins) of(d *Document) int {
	if at, ok := o.names[untagged(d.ID)]; ok && o.list[at].Collection == d.Collection {
		return at
	}
	if at, ok := o.places[d.Source]; ok {
		return at
	}
	ids := []string{d.ID, untagged(d.ID)}
	for i, r := range d.ID {
		if r == '#' {
			ids = append(ids, d.ID[:i])
		}
	}
	for _, id := range ids {
		// A file of that name in another folder is not meant.
		if at, ok := o.names[id]; ok && (o.list[at].Collection == d.Collection || !below(d)) {
			return at
		}
	}
	return -1
}

// untagged is an ID without Parsed.Suffix.
func untagged(id string) string {
	return suffix.ReplaceAllString(id, "")
}

// named says that the document is one whose ID or place comes from its source, so that
// it is gone when its source is.
func (o origins) named(d *Document) bool {
	return below(d) || o.roots[root(d.Collection, d.ID)]
}

// below says that the document's place lies in its collection's.
func below(d *Document) bool { return strings.HasPrefix(d.Source, d.Collection+"/") }

// present says whether a document's place is still there, as far as that can be told:
// a file, or an archive that the place leads into. Addresses are taken to be there.
func present(place string) bool {
	if strings.Contains(place, "://") {
		return true
	}
	file := filepath.FromSlash(place)
	if !filepath.IsAbs(file) {
		return false
	}
	for at := file; ; at = filepath.Dir(at) {
		if info, err := os.Stat(at); err == nil {
			return at == file || info.Mode().IsRegular()
		}
		if filepath.Dir(at) == at {
			return false
		}
	}
}
