package main

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// TestDryRunChangesNothing: neither in an empty place, nor over an index, nor over one of
// another embedding model, with documents or without, is anything written.
func TestDryRunChangesNothing(t *testing.T) {
	t.Parallel()
	mixes(t, func(t *testing.T, env map[string]string) {
		env["RECADO_DATA"] = filepath.Join(env["RECADO_DATA"], "data")
		folder := files(t, map[string]string{"es/returns.md": returns})
		plan := func(what string, wanted ...string) {
			t.Helper()
			before := footprint(t, env)
			out := told(t, env, "ingest", "--dry-run", folder)
			if diff := cmp.Diff(before, footprint(t, env)); diff != "" {
				t.Errorf("a dry run %s changed (-before +after):\n%s", what, diff)
			}
			holds(t, what, out, wanted...)
		}
		const fresh = "would be: 1 added, 0 changed, 0 unchanged, 0 removed"
		plan("in an empty place", "added     policies/es/returns.md: 2 passages new", fresh)
		told(t, env, "ingest", folder)
		told(t, env, "knowledge", "remove", "policies/es/returns.md")
		plan("over an empty index", fresh)
		env["RECADO_EMBEDDING_DIM"] = "512"
		plan("over an empty index of another model", fresh)
		delete(env, "RECADO_EMBEDDING_DIM")
		told(t, env, "ingest", folder)
		told(t, env, "knowledge", "revoke", "policies/es/returns.md#0000")
		plan("over an index", "would be: 0 added, 0 changed, 1 unchanged, 0 removed")
		env["RECADO_EMBEDDING_DIM"] = "512"
		plan("over an index of another model", "0 added, 0 changed, 1 unchanged")
		holds(t, "the index in use", told(t, env, "knowledge", "list"), "returns.md", "offline-hash-v2-768")
	})
}

// footprint is all that a place holds: every file below the data folder by its hash, and
// of a database the tables with what is in them.
func footprint(t *testing.T, env map[string]string) map[string]string {
	t.Helper()
	found := map[string]string{}
	err := filepath.WalkDir(env["RECADO_DATA"], func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			found[path] = "folder"
			return err
		}
		text, err := os.ReadFile(path)
		found[path] = fmt.Sprintf("%x", sha256.Sum256(text))
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if env["DATABASE_URL"] != "" {
		inDatabase(t, env["DATABASE_URL"], found)
	}
	return found
}

// inDatabase notes the tables of a database, the hash of their rows, and the sequences
// that numbers are taken from.
func inDatabase(t *testing.T, dsn string, found map[string]string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `select c.oid::regclass::text, c.relkind::text from pg_class c join pg_namespace n on n.oid = c.relnamespace
		where n.nspname not like 'pg_%' and n.nspname <> 'information_schema'`)
	if err != nil {
		t.Fatal(err)
	}
	var name, kind string
	if _, err := pgx.ForEachRow(rows, []any{&name, &kind}, func() error {
		found[name] = kind
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	for name, kind := range found {
		if !strings.Contains("rS", kind) { //nolint:gocritic // one of the two kinds, or a file's hash, which is longer
			continue
		}
		var hash string
		query := `select coalesce(md5(string_agg(r::text, e'\n' order by r::text)), '') from (select * from ` + name + `) r`
		if err := conn.QueryRow(t.Context(), query).Scan(&hash); err != nil {
			t.Fatal(name, err)
		}
		found[name] = kind + " " + hash
	}
}
