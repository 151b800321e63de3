package knowledge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// source is one file to be read.
type source struct {
	// name is its path from the ingested root's own name on; it becomes the
	// document's ID and tells the locale.
	name       string
	source     string // where a person finds it
	collection string
	open       func() (io.ReadCloser, error)
}

// read gives the file's content, refusing what is longer than the limit without
// reading it to the end.
func (s source) read(limit int64) ([]byte, error) {
	file, err := s.open()
	if err != nil {
		return nil, reason(err)
	}
	defer file.Close() // only read from: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, reason(err)
	}
	if int64(len(data)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", errTooLarge, limit)
	}
	return data, nil
}

// reason takes the path out of a file error: the report names it already.
func reason(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// listing is what a run has to look at.
type listing struct {
	sources []source
	broken  []Broken
	// complete are the collections of which all files are listed: what else
	// they hold is gone.
	complete map[string]bool
}

// Ingest brings the index in step with files and folders. It reads .md,
// .markdown and .csv files, links to such files and folders with all their
// subfolders, and skips files and folders whose name begins with a dot. A folder is a collection: documents
// that an earlier run found in it and that are gone now are removed. A file that
// lies in a folder ingested before stays part of that collection.
//
// Unchanged documents cost neither an embedding nor a write, changed ones are
// replaced. A source that cannot be read or parsed is named in the report with its
// reason and leaves the index as it was, the others go in. Documents are
// named from the root's own name on, "policies/es/returns.md". progress is called
// after each file, from the calling goroutine; nil is allowed.
//
// The error is not nil when the run could not be finished: the context ended, or
// the index or the embedder failed. What was done until then is kept and counted
// in the report, nothing is removed, and the next run goes on from there.
func (g *Ingester) Ingest(ctx context.Context, paths []string, progress func(Progress)) (Report, error) {
	known, err := g.config.Index.Documents(ctx, "")
	if err != nil {
		return Report{}, fmt.Errorf("list the index: %w", err)
	}
	roots, broken := resolve(paths)
	list := listing{complete: map[string]bool{}, broken: broken}
	for _, root := range roots {
		if root.folder {
			list.addFolder(root.path)
			continue
		}
		list.addFile(root.path, known)
	}
	return g.ingest(ctx, list, progress)
}

// IngestFS is Ingest for a file system, embedded documents for example, as the
// collection with the given name: its documents are named collection/path, and
// those of the collection that are not in it are removed.
func (g *Ingester) IngestFS(ctx context.Context, collection string, files fs.FS, progress func(Progress)) (Report, error) {
	if collection == "" {
		return Report{}, errors.New("the collection has no name")
	}
	list := listing{complete: map[string]bool{}}
	list.walk(collection, collection, collection, files)
	return g.ingest(ctx, list, progress)
}

// IngestFile is Ingest for one document in memory, as the only one of the
// collection with the given name. The name's extension tells Markdown from a FAQ
// table.
func (g *Ingester) IngestFile(ctx context.Context, collection, name string, data []byte, progress func(Progress)) (Report, error) {
	if collection == "" || !Accepts(name) {
		return Report{}, fmt.Errorf("document %q of collection %q: %w", name, collection, errKind)
	}
	place := collection + "/" + name
	file := source{name: place, source: place, collection: collection, open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(data)), nil
	}}
	return g.ingest(ctx, listing{sources: []source{file}, complete: map[string]bool{collection: true}}, progress)
}

// root is a path that a person named.
type root struct {
	path   string // absolute
	folder bool
}

// resolve makes paths absolute and leaves out those that lie in a folder that is
// named too: a document is in the index once.
func resolve(paths []string) (roots []root, broken []Broken) {
	for _, given := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		absolute, err := filepath.Abs(given)
		if err != nil {
			broken = append(broken, Broken{given, err})
			continue
		}
		info, err := os.Stat(absolute)
		switch {
		case err != nil:
			broken = append(broken, Broken{given, reason(err)})
		case !info.IsDir() && (!info.Mode().IsRegular() || !Accepts(absolute)):
			broken = append(broken, Broken{given, errKind})
		default:
			roots = append(roots, root{absolute, info.IsDir()})
		}
	}
	slices.SortFunc(roots, func(a, b root) int { return strings.Compare(a.path, b.path) })
	roots = slices.Compact(roots)
	all := roots
	roots = slices.DeleteFunc(slices.Clone(roots), func(r root) bool {
		return slices.ContainsFunc(all, func(outer root) bool { return outer.folder && outer != r && below(outer.path, r.path) })
	})
	return roots, broken
}

// below says that a path lies in a folder, at any depth.
func below(folder, file string) bool {
	return strings.HasPrefix(file, strings.TrimSuffix(folder, string(filepath.Separator))+string(filepath.Separator))
}

func (l *listing) addFolder(folder string) {
	place := filepath.ToSlash(folder)
	l.walk(place, place, path.Base(place), os.DirFS(folder))
}

// addFile lists one file, in the collection that has it already if there is one.
func (l *listing) addFile(file string, known []Document) {
	place := filepath.ToSlash(file)
	s := source{
		source: place, collection: place, name: path.Join(path.Base(path.Dir(place)), path.Base(place)),
		open: func() (io.ReadCloser, error) { return os.Open(file) },
	}
	for _, d := range known {
		if d.Source == place && below(d.Collection, place) {
			s.collection = d.Collection
			s.name = path.Base(d.Collection) + strings.TrimPrefix(place, d.Collection)
			break
		}
	}
	l.sources = append(l.sources, s)
}

// isRegular says whether a folder's entry is a file to read, by its name and kind.
// A link counts as what it leads to: a mounted configuration is made of links. A
// link to a folder is left out, because it could lead round in circles.
func isRegular(files fs.FS, at string, entry fs.DirEntry) (bool, error) {
	if entry.Type()&fs.ModeSymlink == 0 || !Accepts(at) {
		return entry.Type().IsRegular() && Accepts(at), nil
	}
	info, err := fs.Stat(files, at)
	if err != nil {
		return false, err
	}
	return info.Mode().IsRegular(), nil
}

// walk lists a folder. A part of it that cannot be read is broken, and then the
// collection is not complete: what is in that part is not gone.
func (l *listing) walk(collection, place, name string, files fs.FS) {
	l.complete[collection] = true
	visit := func(at string, entry fs.DirEntry, err error) error {
		if err != nil {
			l.complete[collection] = false
			l.broken = append(l.broken, Broken{path.Join(place, at), reason(err)})
			return nil
		}
		if at != "." && strings.HasPrefix(entry.Name(), ".") {
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		regular, err := isRegular(files, at, entry)
		if err != nil {
			l.broken = append(l.broken, Broken{path.Join(place, at), reason(err)})
			return nil
		}
		if regular {
			l.sources = append(l.sources, source{
				name: path.Join(name, at), source: path.Join(place, at), collection: collection,
				open: func() (io.ReadCloser, error) { return files.Open(at) },
			})
		}
		return nil
	}
	if err := fs.WalkDir(files, ".", visit); err != nil {
		l.complete[collection] = false // unreachable: visit returns nothing but SkipDir
		l.broken = append(l.broken, Broken{place, reason(err)})
	}
}
