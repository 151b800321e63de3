package sources

import (
	"path"
	"regexp"
	"strings"
)

// notionSuffix is the page's ID that Notion puts behind the name of every exported page
// and folder.
var notionSuffix = regexp.MustCompile(` [0-9a-f]{32}$`)

// notionIDs gives the pages of a Notion export IDs that a person can read, the path
// without Notion's own, as long as that tells all pages apart. The files keep their
// names, by which they are known to be Notion's. Tables are left out: one file may give
// several documents.
func notionIDs(names []string) map[string]string {
	ids, taken := map[string]string{}, map[string]int{}
	for _, name := range names {
		cleaned := cleanNotion(name)
		taken[cleaned]++
		if ext := strings.ToLower(path.Ext(name)); cleaned != name && (ext == ".md" || ext == ".html") && cleanNotion(path.Base(name)) != path.Base(name) {
			ids[name] = cleaned
		}
	}
	for name, cleaned := range ids {
		if taken[cleaned] > 1 {
			delete(ids, name)
		}
	}
	return ids
}

// notionTwice are the files of a Notion export that say once more what others say: the
// table of a database whose rows are exported as pages, the view of a table that is
// there with all rows, and the list of all pages of an export as HTML.
func notionTwice(names []string) map[string]bool {
	here, pages, folders := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, name := range names {
		here[name] = true
		if ext := strings.ToLower(path.Ext(name)); isNotion(name) && ext != ".csv" {
			pages[path.Dir(name)], folders[path.Dir(name)+ext] = true, true
		}
	}
	twice := map[string]bool{}
	for _, name := range names {
		stem, table := strings.CutSuffix(name, ".csv")
		base := strings.TrimSuffix(stem, "_all")
		switch {
		case table && notionSuffix.MatchString(base):
			rows := pages[base] || pages[notionSuffix.ReplaceAllString(base, "")]
			twice[name] = rows || base == stem && here[stem+"_all.csv"]
		case path.Base(name) == "index.html":
			twice[name] = folders[path.Dir(name)+".html"]
		}
	}
	return twice
}

// isNotion says that a name ends in a page's ID.
func isNotion(name string) bool {
	return notionSuffix.MatchString(strings.TrimSuffix(path.Base(name), path.Ext(name)))
}

func cleanNotion(name string) string {
	ext := path.Ext(name)
	parts := strings.Split(strings.TrimSuffix(name, ext), "/")
	for i, part := range parts {
		if cleaned := notionSuffix.ReplaceAllString(part, ""); cleaned != "" {
			parts[i] = cleaned
		}
	}
	return strings.Join(parts, "/") + ext
}
