package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/sqlite"
	"github.com/recado/recado/rag"
)

// unhashed are answers as versions kept them that had no hash of what a passage says.
const unhashed = `
insert into identities values ('phone:34600111222', 'contact');
insert into conversations (id, contact_id, channel, user_id, phone, name, mode, epoch, language, last_customer_at, agent,
	fallbacks, clarified, created_at, updated_at)
	values ('c1', 'contact', 'ch', '', '34600111222', 'Ana', 'bot', 1, 'es', 1000, '', 0, 0, 500, 2000);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 1203)
insert into turns (conversation_id, record)
	select 'c1', json_object('id', 't' || i, 'outcome', 'committed', 'passages', json_array(
		json_object('id', 'a.md#0001', 'document_id', 'a.md', 'hash', 'h', 'text', iif(i % 2, '30 días.', '14 días.'))))
	from n;
insert into citations (document_id, hash, chunk_id, turn) select 'a.md', 'h', 'a.md#0001', n from turns;
insert into citations (document_id, hash, chunk_id, turn) select 'lost.md', 'h', 'lost.md#0001', 1;
`

// TestEarlierAnswersAreHashed finds what was said before the store kept hashes of it, and
// what a version without them says beside this one.
func TestEarlierAnswersAreHashed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "recado.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	db := raw(t, path)
	if _, err := db.ExecContext(t.Context(), unhashed); err != nil {
		t.Fatal(err)
	}
	on := []gateway.Basis{{TextHash: rag.Passage{Text: "30 días."}.TextHash()}}
	for _, want := range []int{602, 1} {
		list, _, err := s.Rested(t.Context(), on, gateway.Page{Limit: 200})
		if err != nil || len(list) != min(want, 200) || list[0].Passages[0] != "a.md#0001" {
			t.Fatalf("%d answers, %v", len(list), err)
		}
		var n int
		if err := db.QueryRowContext(t.Context(), `select count(*) from citations where text_hash = ?`, on[0].TextHash).Scan(&n); err != nil || n != want {
			t.Errorf("%d hashed, %v; want %d", n, err, want)
		}
		const late = `delete from citations where document_id = 'a.md' and turn > 1; update citations set text_hash = ''`
		if _, err := db.ExecContext(t.Context(), late); err != nil {
			t.Fatal(err)
		}
	}
}
