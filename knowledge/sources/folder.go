package sources

import (
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
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/recado/recado/knowledge"
)

// errEnough ends a walk.
var errEnough = errors.New("too many files")

// root is a path that a person named.
type root struct {
	path   string // absolute
	folder bool
}

// addPaths lists files, folders, archives and checkouts.
func (l *listing) addPaths(ctx context.Context, paths []string) {
	for _, r := range l.resolve(paths) {
		outer, inside := l.outer(r.path)
		switch {
		case r.folder && inside:
			l.addPart(ctx, outer, r.path)
		case r.folder:
			l.addDisk(ctx, r.path, "")
		case isZip(r.path) && (!inside || l.has(readable(filepath.ToSlash(r.path)))):
			l.addArchive(ctx, r.path)
		case inside:
			l.addPart(ctx, outer, r.path)
		default:
			l.addFile(r.path)
		}
	}
}

// resolve makes paths absolute and leaves out those that lie in a folder that is named
// too: a document is in the index once.
func (l *listing) resolve(paths []string) []root {
	var roots []root
	for _, given := range slices.Compact(slices.Sorted(slices.Values(paths))) {
		absolute, err := filepath.Abs(given)
		if err != nil {
			l.broken(given, err)
			continue
		}
		info, err := os.Stat(absolute)
		switch {
		case err != nil:
			l.broken(given, reason(err))
		case !info.IsDir() && (!info.Mode().IsRegular() || !l.readable(absolute)):
			l.broken(given, unreadKind(absolute))
		default:
			roots = append(roots, root{absolute, info.IsDir()})
		}
	}
	slices.SortFunc(roots, func(a, b root) int { return strings.Compare(a.path, b.path) })
	roots = slices.Compact(roots)
	all := slices.Clone(roots)
	return slices.DeleteFunc(roots, func(r root) bool {
		return slices.ContainsFunc(all, func(outer root) bool { return outer.folder && outer != r && below(outer.path, r.path) })
	})
}

func (l *listing) readable(file string) bool {
	return isZip(file) || l.config.Accepts(filepath.ToSlash(file))
}

// reason takes the path out of a file error: the report names it already.
func reason(err error) error {
	if pathError, ok := errors.AsType[*fs.PathError](err); ok {
		return pathError.Err
	}
	return err
}

// below says that a path lies in a folder, at any depth.
func below(folder, file string) bool {
	return strings.HasPrefix(file, strings.TrimSuffix(folder, string(filepath.Separator))+string(filepath.Separator))
}

// outer is the innermost folder around a path that was ingested before and is still
// there. What lies in it belongs to it, with what its manifest says.
func (l *listing) outer(file string) (string, bool) {
	found := ""
	for _, d := range l.known {
		folder := filepath.FromSlash(d.Collection)
		if len(folder) > len(found) && filepath.IsAbs(folder) && below(folder, file) {
			found = folder
		}
	}
	if found == "" {
		return "", false
	}
	info, err := os.Stat(found)
	return found, err == nil && info.IsDir()
}

// addPart lists a part of a folder that was ingested before. What is missing in it is
// not told: that takes the whole folder.
func (l *listing) addPart(ctx context.Context, folder, part string) {
	relative, err := filepath.Rel(folder, part)
	if err != nil {
		l.broken(part, err)
		return
	}
	before := len(l.Sources) + len(l.Broken)
	l.addDisk(ctx, folder, filepath.ToSlash(relative))
	if len(l.Sources)+len(l.Broken) == before && l.readable(part) {
		l.broken(part, leftOut(folder))
	}
}

func leftOut(folder string) error {
	return fmt.Errorf("the folder %s, which it belongs to, leaves it out", folder)
}

// addDisk lists a folder, or a part of it, by git's index if it is a checkout.
func (l *listing) addDisk(ctx context.Context, folder, part string) {
	place := filepath.ToSlash(folder)
	t := tree{
		collection: place, place: place, name: path.Base(place), part: part,
		files: disk(folder), disk: folder,
	}
	if gitFolder, ok := checkout(folder); ok {
		l.addCheckout(ctx, t, folder, gitFolder)
		return
	}
	l.addFolder(ctx, t)
}

// addFile lists one file as a collection of its own.
func (l *listing) addFile(file string) {
	place := filepath.ToSlash(file)
	t := tree{files: disk(filepath.Dir(file))}
	above, err := manifestsAbove(file)
	if err != nil {
		l.brokenManifest(err)
		return
	}
	if i := slices.IndexFunc(above, func(m manifest) bool { return manifests{m}.ignores("") }); i >= 0 {
		l.broken(readable(place), leftOut(readable(above[i].folder)))
		return
	}
	l.Sources = append(l.Sources, knowledge.Source{
		Name: path.Join(readable(path.Base(path.Dir(place))), readable(path.Base(place))), Place: readable(place),
		Collection: readable(place), Meta: above.meta(""), Read: t.reader(filepath.Base(file)),
	})
}

// tree is a folder or what is like one.
type tree struct {
	collection, place, name string
	// disk is the folder or the archive; empty means that it lies in no folder whose
	// manifest could count.
	disk string
	// part is the path of the only file or folder to list; empty lists all.
	part  string
	files fs.FS
	// packed are the files in archives that lie in the tree, by their paths in it.
	packed packedFiles
	// validator tells what state the content is in; nil tells nothing.
	validator func(at string, data []byte) string
	// left says what is left out besides dot files; nil leaves nothing out.
	left func(at string, folder bool) bool
}

// at is where a person finds a file of the tree.
func (t tree) at(name string) string {
	if isAddress(t.place) {
		return readable(strings.TrimSuffix(t.place+"/"+name, "/."))
	}
	return readable(path.Join(t.place, name))
}

// reader gives the content of a file in the tree.
func (t tree) reader(at string) func(context.Context, []knowledge.Document, int64) (knowledge.File, error) {
	return func(ctx context.Context, _ []knowledge.Document, limit int64) (knowledge.File, error) {
		file, err := t.open(at)
		if err != nil {
			return knowledge.File{}, unread(err)
		}
		defer file.Close() // only read from: nothing can be lost
		data, err := readAll(ctx, file, limit)
		if err != nil {
			return knowledge.File{}, unread(err)
		}
		found := knowledge.File{Data: data}
		if _, archived := t.packed[at]; t.validator != nil && !archived {
			found.Validator = t.validator(at, data)
		}
		return found, nil
	}
}

// open opens a file of the tree, also one in an archive.
func (t tree) open(at string) (fs.File, error) {
	if _, archived := t.packed[at]; archived {
		return t.packed.Open(at)
	}
	return t.files.Open(at)
}

// opener is a function that opens files, as a file system.
type opener func(at string) (fs.File, error)

// Open opens a file.
func (o opener) Open(at string) (fs.File, error) { return o(at) }

// unread says why a listed file could not be read.
func unread(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return ErrGone
	}
	return reason(err)
}

// addFolder walks a tree and lists it. A part of it that cannot be read is broken, and
// then the collection is not complete: what is in that part is not gone.
func (l *listing) addFolder(ctx context.Context, t tree) {
	f := &found{whole: t.part == ""}
	visit := func(at string, entry fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err() // List returns it
		}
		if err != nil {
			f.whole = false
			l.broken(t.at(at), reason(err))
			return nil
		}
		if skip, leave := t.skips(at, entry); leave {
			return skip
		}
		regular, err := l.isRegular(t.files, at, entry)
		switch {
		case err != nil:
			f.whole = false
			l.broken(t.at(at), reason(err))
		case regular:
			l.sort(f, at, nil)
		}
		if len(f.files) > l.config.MaxSources {
			return errEnough
		}
		return nil
	}
	if err := fs.WalkDir(t.files, ".", visit); err != nil {
		if errors.Is(err, errEnough) {
			l.broken(readable(t.place), fmt.Errorf("it has more than %d files to read; name its folders one by one", l.config.MaxSources))
		}
		return
	}
	l.addTree(ctx, t, f)
}

// found is what is in a tree, as paths.
type found struct {
	// whole says that this is all there is.
	whole bool
	files []string
	// unread are documents that can't be read, and archives those that can.
	unread   []string
	archives []nested
	// manifests are the folders below the root that have one.
	manifests []string
}

// sort puts a file among those of its kind. in is the archive that it lies in.
func (l *listing) sort(f *found, at string, in *nested) {
	switch {
	case slices.Contains(manifestNames, path.Base(at)):
		if folder := path.Dir(at); folder != "." && !slices.Contains(f.manifests, folder) {
			f.manifests = append(f.manifests, folder)
		}
	case l.config.Accepts(at):
		f.files = append(f.files, at)
	case isZip(at):
		f.archives = append(f.archives, in.inner(at))
	default:
		f.unread = append(f.unread, at)
	}
}

// wants says that a file is no picture and nothing of that kind.
func (l *listing) wants(at string) bool {
	return l.config.Accepts(at) || isZip(at) || isUnread(at) || slices.Contains(manifestNames, path.Base(at))
}

// skips says whether an entry is left out, and what the walk has to do then.
func (t tree) skips(at string, entry fs.DirEntry) (error, bool) {
	hidden := at != "." && isHidden(entry.Name())
	aside := t.part != "" && at != "." && at != t.part && !strings.HasPrefix(t.part, at+"/") && !strings.HasPrefix(at, t.part+"/")
	if !hidden && !aside && (t.left == nil || at == "." || !t.left(at, entry.IsDir())) {
		return nil, false
	}
	if entry.IsDir() {
		return fs.SkipDir, true
	}
	return nil, true
}

var errNameTwice = errors.New("the folder has another file of this name, with its accents written in another way; rename one")

// has says whether the index has documents of a collection.
func (l *listing) has(collection string) bool {
	return slices.ContainsFunc(l.known, func(d knowledge.Document) bool { return d.Collection == collection })
}

// errNothing keeps the documents of a folder that is empty because its disk is not there.
var errNothing = errors.New("no document is in it, and those that it had stay; if that is right, remove them with `recado knowledge remove`")

// isRegular says whether a folder's entry is a file to read, by its name and kind. A
// link counts as what it leads to: a mounted configuration is made of links.
func (l *listing) isRegular(files fs.FS, at string, entry fs.DirEntry) (bool, error) {
	if entry.Type()&fs.ModeSymlink == 0 || !l.wants(at) {
		return entry.Type().IsRegular() && l.wants(at), nil
	}
	info, err := fs.Stat(files, at)
	if err != nil {
		return false, err
	}
	return info.Mode().IsRegular(), nil
}

// addTree makes sources of a tree's files, as its manifests say.
func (l *listing) addTree(ctx context.Context, t tree, f *found) {
	list, err := t.manifests()
	if err != nil {
		l.brokenManifest(err)
		return
	}
	list = l.inner(t, f, list)
	if t.packed == nil {
		t.packed = packedFiles{}
	}
	list = l.unpack(ctx, t, f, list)
	l.addSources(t, f, list)
	for _, at := range f.unread {
		if !list.ignores(readable(at)) {
			l.broken(t.at(at), unreadKind(at))
		}
	}
	if f.whole && len(f.files) == 0 && l.has(readable(t.collection)) {
		l.broken(readable(t.place), errNothing)
		return
	}
	if f.whole {
		l.Complete[readable(t.collection)] = true
		for _, m := range list {
			m.warn(ctx, l.config.Logger)
		}
	}
}

// inner reads the manifests in the folders of a tree. What lies in the folder of one that
// is wrong is left out.
func (l *listing) inner(t tree, f *found, list manifests) manifests {
	slices.Sort(f.manifests) // a folder comes before those in it
	for _, folder := range f.manifests {
		if list.ignores(readable(folder)) {
			continue
		}
		m, _, err := findManifest(opener(t.open), folder)
		if err != nil {
			f.whole = false
			l.broken(t.at(path.Join(folder, manifestNames[0])), err)
			m = manifest{ignore: []string{"**"}}
		}
		m.folder, m.below = t.at(folder), readable(folder)
		list = append(list, m)
	}
	f.manifests = nil
	return list
}

// addSources makes a source of each file.
func (l *listing) addSources(t tree, f *found, list manifests) {
	names := make([]string, len(f.files))
	for i, at := range f.files {
		names[i] = readable(at)
	}
	cleaned, twice := notionIDs(names), notionTwice(names)
	taken := make(map[string]bool, len(names))
	for i, at := range f.files {
		if twice[names[i]] || list.ignores(names[i]) {
			continue
		}
		if taken[names[i]] {
			l.broken(t.at(names[i]), errNameTwice)
			continue
		}
		taken[names[i]] = true
		meta := list.meta(names[i])
		if meta.ID == "" && cleaned[names[i]] != "" {
			meta.ID = path.Join(readable(t.name), cleaned[names[i]])
		}
		l.Sources = append(l.Sources, knowledge.Source{
			Name: path.Join(readable(t.name), names[i]), Place: t.at(names[i]),
			Collection: readable(t.collection), Meta: meta, Read: t.reader(at),
		})
	}
}

// disk is a folder of this machine whose names may be in any encoding, which os.DirFS
// does not open.
type disk string

func (d disk) in(at string) string { return filepath.Join(string(d), filepath.FromSlash(at)) }

// Open opens a file by its path in the folder.
func (d disk) Open(at string) (fs.File, error) { return os.Open(d.in(at)) }

// ReadDir lists a folder by name.
func (d disk) ReadDir(at string) ([]fs.DirEntry, error) { return os.ReadDir(d.in(at)) }

// Stat follows links.
func (d disk) Stat(at string) (fs.FileInfo, error) { return os.Stat(d.in(at)) }

// readable is a name as a person reads it and as it is kept: UTF-8, with accents in one
// rune each, however the machine that the file came from wrote them.
func readable(name string) string {
	if !utf8.ValidString(name) {
		name = decodeName(name, false)
	}
	return norm.NFC.String(name)
}

// readFile reads a small file whole.
func readFile(files fs.FS, at string, limit int64) ([]byte, error) {
	file, err := files.Open(at)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read from: nothing can be lost
	data, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = tooLarge(limit)
	}
	return data, err
}
