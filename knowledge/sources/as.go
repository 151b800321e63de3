package sources

import (
	"context"
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
)

// collectionName is what a person may call what is ingested together.
var collectionName = regexp.MustCompile(`^[\pL\pN][\pL\pN ._-]{0,63}$`)

// errNamed is a sentence about what a name can't be given to.
var errNamed = errors.New("only files, folders and zips can be given a name; an address has its own")

// ListAs lists files, folders and archives as List does, as the whole of a collection of
// the given name: wherever they lie, and whatever a file is called today, they take the
// place of what went in under the name before. Documents are named NAME/path, those of
// a file alone NAME with the file's extension.
func (s *Lister) ListAs(ctx context.Context, name string, args []string, known []knowledge.Document) (knowledge.Listing, error) {
	if !collectionName.MatchString(name) || name == "stdin" {
		return knowledge.Listing{}, fmt.Errorf("%q can't be a name: use letters, digits, hyphens, dots and underscores, and not stdin", name)
	}
	if i := slices.IndexFunc(args, func(arg string) bool { return isAddress(arg) || arg == "-" || strings.HasPrefix(arg, "-:") }); i >= 0 {
		return knowledge.Listing{}, errNamed
	}
	// What lies in a folder that was ingested before is no part of that one here.
	list, err := s.List(ctx, args, nil)
	if err != nil {
		return knowledge.Listing{}, err
	}
	had := slices.ContainsFunc(known, func(d knowledge.Document) bool { return d.Collection == name })
	if had && len(list.Sources) == 0 && len(list.Broken) == 0 {
		list.Broken = append(list.Broken, knowledge.Broken{Source: name, Err: errNothing})
	}
	alone := len(list.Sources) == 1 && list.Sources[0].Collection == list.Sources[0].Place
	for i := range list.Sources {
		one := &list.Sources[i]
		if id := one.Meta.ID; id != "" && id == cleanNotion(one.Name) {
			one.Meta.ID = renamed(name, id, false) // a name of the lister's own, too
		}
		one.Name, one.Collection = renamed(name, one.Name, alone), name
	}
	list.Complete = map[string]bool{}
	if len(list.Broken) == 0 {
		list.Complete[name] = true
	}
	return list, nil
}

// renamed puts a name in the place of the first part of another one, and of a file's that
// is alone but for what tells its format and language.
func renamed(name, former string, alone bool) string {
	if !alone {
		_, rest, _ := strings.Cut(former, "/")
		return name + "/" + rest
	}
	extension := path.Ext(former)
	if language := strings.ToLower(path.Ext(strings.TrimSuffix(former, extension))); language == ".es" || language == ".en" {
		extension = language + extension
	}
	return name + extension
}
