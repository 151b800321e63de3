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
