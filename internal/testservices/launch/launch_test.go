//go:build unix

package launch

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseSources(t *testing.T) {
	t.Parallel()
	debian := source{
		uris: []string{"http://mirror.example/debian"}, suites: []string{"bookworm", "bookworm-updates"},
		components: []string{"main"}, signedBy: "/usr/share/keyrings/debian.gpg",
	}
	tests := []struct {
		name, text string
		parse      func(string) []source
		want       []source
	}{
		{"stanzas", `Types: deb
# an older address
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian.gpg

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main

types: deb
uris: http://other.example
suites: bookworm
components: main
enabled: no
`, parseDeb822, []source{debian}},
		{"key in the stanza", "Types: deb deb-src\nURIs: http://m.example\nSuites: s\nComponents: main\nSigned-By:\n -----BEGIN\n .\n AAA\n", parseDeb822, []source{{
			uris: []string{"http://m.example"}, suites: []string{"s"}, components: []string{"main"},
			signedBy: "\n -----BEGIN\n .\n AAA",
		}}},
		{"one line", `# deb http://commented.example bookworm main
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # why
deb http://flat.example ./
deb [broken http://mirror.example bookworm main
deb http://plain.example noble universe main`, parseOneLine, []source{
			{uris: []string{"http://mirror.example/debian"}, suites: []string{"bookworm"}, components: []string{"main", "contrib"}, signedBy: "/k.gpg"},
			{uris: []string{"http://plain.example"}, suites: []string{"noble"}, components: []string{"universe", "main"}},
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(test.want, test.parse(test.text), cmp.AllowUnexported(source{})); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithSuiteIsReadBackAsItWas(t *testing.T) {
	t.Parallel()
	own := source{uris: []string{"http://m.example"}, suites: []string{"bookworm"}, components: []string{"main", "contrib"}, signedBy: "\n -----BEGIN\n .\n AAA"}
	want := own
	want.suites = []string{"trixie"}
	if diff := cmp.Diff([]source{want}, parseDeb822(own.withSuite("trixie")), cmp.AllowUnexported(source{})); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
}

func TestReadSourcesTakesBothFormatsAndIgnoresOtherFiles(t *testing.T) {
	t.Parallel()
	etc := t.TempDir()
	write(t, filepath.Join(etc, "sources.list"), "deb http://a.example s main\n")
	write(t, filepath.Join(etc, "sources.list.d", "b.sources"), "Types: deb\nURIs: http://b.example\nSuites: s\nComponents: main\n")
	write(t, filepath.Join(etc, "sources.list.d", "c.list.disabled"), "deb http://c.example s main\n")
	sources, err := readSources(etc)
	if err != nil {
		t.Fatal(err)
	}
	var uris []string
	for _, s := range sources {
		uris = append(uris, s.uris...)
	}
	if want := []string{"http://a.example", "http://b.example"}; !slices.Equal(uris, want) {
		t.Errorf("sources %v, want %v", uris, want)
	}
	if _, err := mainSource(sources, "another"); err == nil {
		t.Error("a source was found for a release that has none")
	}
}

func TestPlanFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		os     string
		root   bool
		suite  string
		native bool
		ok     bool
	}{
		{"ID=debian\nVERSION_CODENAME=bookworm\n", true, "trixie", false, true},
		{"ID=debian\nVERSION_CODENAME=bookworm\n", false, "trixie", false, true},
		{"ID=debian\nVERSION_CODENAME=trixie\n", false, "trixie", true, true},
		{"ID=\"ubuntu\"\nVERSION_CODENAME='noble'\n", false, "noble", true, true},
		{"ID=ubuntu\nVERSION_CODENAME=noble\n", true, "noble", false, true},
		{"ID=fedora\nVERSION_CODENAME=\n", false, "", false, false},
	}
	for _, test := range tests {
		got, err := planFor(parseRelease(test.os), source{}, test.root)
		if (err == nil) != test.ok || got.suite != test.suite || got.native != test.native {
			t.Errorf("%q, root %v: suite %q native %v (%v), want %q %v", test.os, test.root, got.suite, got.native, err, test.suite, test.native)
		}
	}
}

func TestChoosePackage(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"postgresql-16-pgvector - x\npostgresql-17-pgvector - x\npostgresql-18-pgvector - x\n": "postgresql-17-pgvector",
		"postgresql-16-pgvector - x\n":                                 "postgresql-16-pgvector",
		"postgresql-18-pgvector - x\npostgresql-19-pgvector - x\n":     "postgresql-19-pgvector",
		"postgresql-15-pgvector - x\nnot-postgresql-17-pgvector - x\n": "",
		"": "",
	}
	for known, want := range tests {
		if got, err := choosePackage(known); got != want || (err == nil) != (want != "") {
			t.Errorf("choosePackage(%q) = %q, %v, want %q", known, got, err, want)
		}
	}
}

func TestMachinePostgresNeedsTheExtensionAndTheVersion(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	old := fakePostgres(t, filepath.Join(dir, "old"), "15.1", true)
	bare := fakePostgres(t, filepath.Join(dir, "bare"), "18.0", false)
	fit := fakePostgres(t, filepath.Join(dir, "fit"), "17.2 (Debian 17.2-1)", true)
	older := fakePostgres(t, filepath.Join(dir, "fitting too"), "16.9", true)
	if found, ok := machinePostgres(t.Context(), []string{old, bare, dir}); ok {
		t.Errorf("took %s", found.bin)
	}
	if found, ok := machinePostgres(t.Context(), []string{older, fit, bare, old}); !ok || found.bin != fit {
		t.Errorf("took %q, want %q", found.bin, fit)
	}
}

// fakePostgres makes a folder whose programs answer as an installation's do.
func fakePostgres(t *testing.T, dir, version string, vector bool) string {
	t.Helper()
	write(t, filepath.Join(dir, "postgres"), "#!/bin/sh\necho 'postgres (PostgreSQL) "+version+"'\n")
	write(t, filepath.Join(dir, "initdb"), "#!/bin/sh\n")
	write(t, filepath.Join(dir, "pg_config"), "#!/bin/sh\necho '"+dir+"/share'\n")
	if vector {
		write(t, filepath.Join(dir, "share", "extension", "vector.control"), "")
	}
	return dir
}

func TestAServerThatDiesIsReportedWithItsLogAndLeavesNothing(t *testing.T) {
	t.Parallel()
	p := program{bin: "/bin"}
	data, err := p.makeDir("x")
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.start(t.Context(), data, "sh", []string{"-c", "echo no space left >&2; exit 3"}, func(context.Context) error { return os.ErrDeadlineExceeded })
	if err == nil || !strings.Contains(err.Error(), "no space left") {
		t.Errorf("err = %v, want the end of the server's log", err)
	}
	if _, err := os.Stat(data.outside); !os.IsNotExist(err) {
		t.Errorf("the data folder is still there (%v)", err)
	}
}

func TestAServerThatNeverAnswersIsEnded(t *testing.T) {
	t.Parallel()
	p := program{bin: "/bin"}
	data, err := p.makeDir("x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	began := time.Now()
	if _, err := p.start(ctx, data, "sleep", []string{"60"}, func(context.Context) error { return os.ErrDeadlineExceeded }); err == nil {
		t.Error("start reported success")
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestLockKeepsOthersOut(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := Lock(path)
	if err != nil {
		t.Fatal(err)
	}
	second := make(chan error, 1)
	go func() {
		unlock, err := Lock(path)
		if err == nil {
			unlock()
		}
		second <- err
	}()
	select {
	case err := <-second:
		t.Fatalf("the lock was given twice (%v)", err)
	case <-time.After(50 * time.Millisecond):
	}
	unlock()
	if err := <-second; err != nil {
		t.Error(err)
	}
}

// write makes an executable file and the folders above it.
func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}
