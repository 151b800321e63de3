package sources

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/recado/recado/knowledge"
)

// packed is one file of an archive that a test writes.
type packed struct {
	header zip.FileHeader
	text   string
}

func entryOf(name, text string) packed {
	return packed{zip.FileHeader{Name: name, Method: zip.Deflate}, text}
}

// writeZip writes an archive into a new folder.
func writeZip(tb testing.TB, files ...packed) string {
	tb.Helper()
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	for _, f := range files {
		header := f.header
		out, err := w.CreateHeader(&header)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(out, f.text); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return saveZip(tb, buffer.Bytes())
}

func saveZip(tb testing.TB, data []byte) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "help.zip")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return filepath.ToSlash(file)
}

func TestArchive(t *testing.T) {
	t.Parallel()
	file := writeZip(
		t,
		entryOf("recado.yaml", "documents:\n- {path: es/*, locale: es}\n"), entryOf("es/", ""), entryOf("es/a.md", "uno"), entryOf(`en\b.md`, "two"),
		entryOf("__MACOSX/._a.md", "x"), entryOf(".git/c.md", "x"), entryOf("logo.png", "x"), entryOf("inner.zip", "x"),
		packed{zip.FileHeader{Name: "stored.md", Method: zip.Store}, "three"},
	)
	found := list(t, newLister(t, Config{}), nil, file)
	same(t, "names", []string{"help/es/a.md", "help/en/b.md", "help/stored.md"}, sourceNames(found))
	same(t, "broken", []string{"inner.zip: the archive can't be used: it is damaged or no zip file (zip: not a valid zip file)"}, brokenLines(found, file))
	same(t, "complete", map[string]bool{}, found.Complete)
	for name, text := range map[string]string{"help/es/a.md": "uno", "help/en/b.md": "two", "help/stored.md": "three"} {
		got, err := read(t, found, name, nil, 5)
		if err != nil || string(got.Data) != text {
			t.Errorf("%s: %q, %v", name, got.Data, err)
		}
	}
	first := found.Sources[0]
	same(t, "where it is", []string{file, file + "/es/a.md", "es"}, []string{first.Collection, first.Place, first.Meta.Locale})
	if _, err := read(t, found, "help/stored.md", nil, 4); !errors.Is(err, ErrTooLarge) {
		t.Errorf("limit: %v", err)
	}
	whole := list(t, newLister(t, Config{}), nil, writeZip(t, entryOf("a.md", "x")))
	if len(whole.Broken) > 0 || len(whole.Complete) != 1 {
		t.Errorf("whole: %+v", whole)
	}
}

func TestArchiveInParallel(t *testing.T) {
	t.Parallel()
	var files []packed
	for i := range 40 {
		files = append(files, entryOf(fmt.Sprintf("%02d.md", i), strings.Repeat(fmt.Sprint(i%10), 10_000)))
	}
	file := writeZip(t, files...)
	found := list(t, newLister(t, Config{}), nil, file)
	var wait sync.WaitGroup
	for i, s := range found.Sources {
		wait.Go(func() {
			got, err := s.Read(t.Context(), nil, 10_000)
			if err != nil || string(got.Data) != files[i].text {
				t.Errorf("%s: %d bytes, %v", s.Name, len(got.Data), err)
			}
		})
	}
	wait.Wait()
	// Nothing keeps the archive open: it can be changed, which is noticed.
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(file, later, later); err != nil {
		t.Fatal(err)
	}
	if _, err := found.Sources[0].Read(t.Context(), nil, 10_000); !errors.Is(err, ErrArchive) {
		t.Errorf("a changed archive: %v", err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := found.Sources[0].Read(t.Context(), nil, 10_000); !errors.Is(err, ErrGone) {
		t.Errorf("no archive any more: %v", err)
	}
}

func TestArchiveIsClosed(t *testing.T) {
	t.Parallel()
	file := writeZip(t, entryOf("a.md", "x"))
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	a := &archive{file: file, size: info.Size(), changed: info.ModTime().UnixNano()}
	if err := a.acquire(); err != nil {
		t.Fatal(err)
	}
	reader, err := a.list(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	files := packedFiles{"a.md": {a, reader.File[0]}}
	a.release()
	content, err := files.Open("a.md")
	if err != nil || a.open == nil {
		t.Fatalf("open: %v", err)
	}
	if err := content.Close(); err != nil || a.open != nil || a.users != 0 {
		t.Errorf("closed: %v, %d users", err, a.users)
	}
	if err := content.Close(); err == nil || a.users != 0 {
		t.Errorf("closed twice: %v, %d users", err, a.users)
	}
	if _, err := files.Open("b.md"); !errors.Is(err, fs.ErrNotExist) || a.users != 0 {
		t.Errorf("a file that is not there: %v", err)
	}
}

// bomb is an entry of zeros that say of themselves what a test wants.
func bomb(name string, size int, claimed uint64) packed {
	var buffer bytes.Buffer
	w, err := flate.NewWriter(&buffer, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	zeros := make([]byte, size)
	if _, err := w.Write(zeros); err != nil {
		panic(err)
	}
	if err := w.Close(); err != nil {
		panic(err)
	}
	return packed{zip.FileHeader{
		Name: name, Method: zip.Deflate, CRC32: crc32.ChecksumIEEE(zeros), CompressedSize64: uint64(buffer.Len()), UncompressedSize64: claimed,
	}, buffer.String()}
}

// writeRawZip writes entries as they are.
func writeRawZip(tb testing.TB, files ...packed) []byte {
	tb.Helper()
	var buffer bytes.Buffer
	w := zip.NewWriter(&buffer)
	for _, f := range files {
		header := f.header
		out, err := w.CreateRaw(&header)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := io.WriteString(out, f.text); err != nil {
			tb.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return buffer.Bytes()
}

func TestArchiveBombs(t *testing.T) {
	t.Parallel()
	const big = 20 << 20
	t.Run("ratio", func(t *testing.T) {
		t.Parallel()
		file := saveZip(t, writeRawZip(t, bomb("a.md", big, big), bomb("ok.md", 10, 10)))
		found := list(t, newLister(t, Config{}), nil, file)
		same(t, "names", []string{"help/ok.md"}, sourceNames(found))
		same(t, "broken", []string{"a.md: the archive can't be used: it unfolds to more than 200 times its size, as a zip bomb does"}, brokenLines(found, file))
		same(t, "complete", map[string]bool{}, found.Complete)
	})
	t.Run("a size that lies", func(t *testing.T) {
		t.Parallel()
		found := list(t, newLister(t, Config{}), nil, saveZip(t, writeRawZip(t, bomb("a.md", big, 100))))
		if got, err := read(t, found, "help/a.md", nil, 1<<20); err == nil {
			t.Errorf("%d bytes of a file that is said to have 100", len(got.Data))
		}
	})
	t.Run("all together", func(t *testing.T) {
		t.Parallel()
		file := saveZip(t, writeRawZip(t, bomb("a.md", 3000, 3000), bomb("b.md", 3000, 3000)))
		found := list(t, newLister(t, Config{MaxUnpacked: 5000}), nil, file)
		same(t, "names", []string{}, sourceNames(found))
		if len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrArchive) || found.Complete[file] {
			t.Errorf("%+v", found)
		}
	})
	t.Run("overlapping", func(t *testing.T) {
		t.Parallel()
		data := overlapping(t)
		found := list(t, newLister(t, Config{}), nil, saveZip(t, data))
		if len(found.Broken) != 1 || !strings.Contains(found.Broken[0].Err.Error(), "overlap") {
			t.Errorf("%+v", found)
		}
	})
	t.Run("many files", func(t *testing.T) {
		t.Parallel()
		var files []packed
		for i := range 100 {
			files = append(files, entryOf(fmt.Sprintf("%d.md", i), ""))
		}
		found := list(t, newLister(t, Config{MaxSources: 99}), nil, writeZip(t, files...))
		if len(found.Sources) > 0 || len(found.Broken) != 1 || !strings.Contains(found.Broken[0].Err.Error(), "more than 99 files") {
			t.Errorf("%+v", found)
		}
	})
	t.Run("a long list", func(t *testing.T) {
		t.Parallel()
		var files []packed
		for i := range 200 {
			files = append(files, entryOf(fmt.Sprint(i)+strings.Repeat("x", 30_000)+".md", ""))
		}
		found := list(t, newLister(t, Config{MaxSources: 1}), nil, writeZip(t, files...))
		if len(found.Sources) > 0 || len(found.Broken) != 1 || !strings.Contains(found.Broken[0].Err.Error(), "list of files is too long") {
			t.Errorf("%+v", found.Broken)
		}
	})
}

// overlapping makes an archive in which many files are the same bytes: one local file,
// listed many times.
func overlapping(tb testing.TB) []byte {
	tb.Helper()
	data := writeRawZip(tb, packed{zip.FileHeader{Name: "a.md", CompressedSize64: 4000, UncompressedSize64: 4000}, strings.Repeat("x", 4000)})
	end := bytes.LastIndex(data, []byte("PK\x05\x06"))
	start := bytes.LastIndex(data[:end], []byte("PK\x01\x02"))
	body, one, tail := data[:start], data[start:end], bytes.Clone(data[end:])
	const copies = 50
	all := bytes.Clone(body)
	for i := range copies {
		entry := bytes.Clone(one)
		copy(entry[46:], string(rune('a'+i%26))) // other names for the same bytes
		all = append(all, entry...)
	}
	binary.LittleEndian.PutUint16(tail[8:], copies)
	binary.LittleEndian.PutUint16(tail[10:], copies)
	binary.LittleEndian.PutUint32(tail[12:], uint32(copies*len(one)))
	return append(all, tail...)
}

func TestArchiveEntriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	secret := bomb("secret.md", 10, 10)
	secret.header.Flags = 1
	odd := bomb("odd.md", 10, 10)
	odd.header.Method = 14
	link := entryOf("link.md", "/etc/passwd")
	link.header.SetMode(0o777 | os.ModeSymlink)
	link = packed{header: link.header, text: link.text}
	link.header.Method = zip.Store
	link.header.CompressedSize64, link.header.UncompressedSize64 = 11, 11
	file := saveZip(t, writeRawZip(
		t, secret, odd, link, bomb("../up.md", 10, 10), bomb("/root.md", 10, 10), bomb("a/../../b.md", 10, 10), bomb("C:/c.md", 10, 10),
		bomb("twice.md", 10, 10), bomb("twice.md", 10, 10), bomb("bell\a.md", 10, 10),
	))
	found := list(t, newLister(t, Config{}), nil, file)
	same(t, "names", []string{"help/twice.md"}, sourceNames(found))
	leads := ": its name leads out of the archive or is none; pack the archive anew"
	got := brokenLines(found, filepath.ToSlash(filepath.Dir(file)))
	same(t, "broken", []string{
		"help.zip/secret.md: it has a password; pack the archive without one",
		"help.zip/odd.md: it is packed by method 14, which few programs know; pack the archive anew",
		"help.zip/link.md: it is a link or a device, which is not followed inside of archives",
		"help.zip/../up.md" + leads, "help.zip//root.md" + leads, "help.zip/a/../../b.md" + leads, "help.zip/C:/c.md" + leads,
		"help.zip/twice.md: the archive has two files of this name",
		"help.zip/bell?.md" + leads,
	}, got)
}

func TestArchiveIsNone(t *testing.T) {
	t.Parallel()
	good := writeRawZip(t, bomb("a.md", 1000, 1000))
	broken := bytes.Clone(good)
	copy(broken[40:], "XXXX") // in the file's content
	for name, data := range map[string][]byte{"text": []byte("no archive"), "empty": nil, "cut": good[:len(good)-30]} {
		found := list(t, newLister(t, Config{}), nil, saveZip(t, data))
		if len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrArchive) || len(found.Complete) > 0 {
			t.Errorf("%s: %+v", name, found)
		}
	}
	found := list(t, newLister(t, Config{}), nil, saveZip(t, broken))
	if _, err := read(t, found, "help/a.md", nil, 1000); !errors.Is(err, ErrArchive) {
		t.Errorf("damaged: %v", err)
	}
}

func TestArchiveNames(t *testing.T) {
	t.Parallel()
	// Info-ZIP repeats a name in UTF-8.
	raw := "pol?tica.md"
	extra := binary.LittleEndian.AppendUint16(nil, zipUnicodePath)
	extra = binary.LittleEndian.AppendUint16(extra, uint16(5+len("política.md")))
	extra = append(extra, 1)
	latin := strings.Replace(raw, "?", "\x80", 1)
	extra = binary.LittleEndian.AppendUint32(extra, crc32.ChecksumIEEE([]byte(latin)))
	extra = append(extra, "política.md"...)
	for _, c := range []struct {
		name, want string
		creator    uint16
		extra      []byte
	}{
		{"pol\xedtica/envi\xf3.md", "política/envió.md", 3 << 8, nil},   // Latin-1 of Windows
		{"pol\xa1tica/env\xa1os.md", "política/envíos.md", 0, nil},      // a console's
		{"a\xa4o ni\xa4o.md", "año niño.md", 0, nil},                    //
		{"devoluci\xf3n.md", "devolución.md", 0, nil},                   // DOS says so, but it is not
		{"\xc1rea.md", "Área.md", 3 << 8, nil},                          //
		{"política.md", "política.md", 0, nil},                          // UTF-8 without the flag
		{"poli\u0301tica.md", "política.md", 3 << 8, nil},               // of a Mac
		{latin, "política.md", 0, extra},                                //
		{"./x.md", "x.md", 0, nil},                                      //
		{"t\xedtulo \xbfqu\xe9?.md", "título ¿qué?.md", 0, nil},         //
		{strings.Replace(raw, "?", "\x81", 1), "polütica.md", 0, extra}, // the field is of another name
	} {
		got, err := entryName(&zip.File{FileHeader: zip.FileHeader{Name: c.name, CreatorVersion: c.creator, Extra: c.extra}})
		if err != nil || got != c.want {
			t.Errorf("%q: %q, %v, want %q", c.name, got, err, c.want)
		}
	}
}

func TestNotionExport(t *testing.T) {
	t.Parallel()
	const a, b = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
	file := writeZip(
		t,
		entryOf("Ayuda "+a+"/Envíos "+b+".md", "x"), entryOf("Ayuda "+a+"/Doble "+a+".md", "x"), entryOf("Ayuda "+a+"/Doble "+b+".md", "x"),
		entryOf("Ayuda "+a+"/Tabla "+b+".csv", "x"), entryOf("Ayuda "+a+".md", "x"), entryOf("plain.md", "x"),
	)
	found := list(t, newLister(t, Config{}), nil, file)
	ids := map[string]string{}
	for _, s := range found.Sources {
		ids[s.Name] = s.Meta.ID
	}
	same(t, "IDs", map[string]string{
		"help/Ayuda " + a + "/Envíos " + b + ".md": "help/Ayuda/Envíos.md",
		"help/Ayuda " + a + "/Doble " + a + ".md":  "",
		"help/Ayuda " + a + "/Doble " + b + ".md":  "",
		"help/Ayuda " + a + "/Tabla " + b + ".csv": "",
		"help/Ayuda " + a + ".md":                  "help/Ayuda.md",
		"help/plain.md":                            "",
	}, ids)
}

func TestArchiveManifestIsWrong(t *testing.T) {
	t.Parallel()
	file := writeZip(t, entryOf("recado.yaml", "ignore: {}"), entryOf("a.md", "x"))
	found := list(t, newLister(t, Config{}), []knowledge.Document{{Collection: file}}, file)
	if len(found.Sources) > 0 || len(found.Broken) != 1 || !errors.Is(found.Broken[0].Err, ErrManifest) || len(found.Complete) > 0 {
		t.Errorf("%+v", found)
	}
}

func FuzzEntryName(f *testing.F) {
	for _, seed := range []string{"a/b.md", "../x", `..\x`, "/x", "C:x", "pol\xedtica", "a//b", "a/./b", "\x00", "", ".", "a/..", "\\\\server\\x"} {
		f.Add(seed, uint16(0), []byte{})
	}
	f.Add("x\xff", uint16(3<<8), []byte{0x75, 0x70, 6, 0, 1, 0, 0, 0, 0, 'x'})
	f.Fuzz(func(t *testing.T, name string, creator uint16, extra []byte) {
		got, err := entryName(&zip.File{FileHeader: zip.FileHeader{Name: name, CreatorVersion: creator, Extra: extra}})
		if !utf8.ValidString(got) || strings.ContainsAny(got, "\x00\n") {
			t.Errorf("%q gives %q", name, got)
		}
		if err == nil && (!filepath.IsLocal(filepath.FromSlash(got)) || strings.Contains(got, `\`)) {
			t.Errorf("%q gives %q, which leads out", name, got)
		}
	})
}
