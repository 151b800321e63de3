package postgres

import (
	"testing"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/testservices"
	"github.com/recado/recado/rag"
)

// unhashedAnswers are answers to the one conversation as versions kept them that had no
// hash of what a passage says.
const unhashedAnswers = `
with kept as (
	insert into gateway_turns (id, conversation_id, at, record)
	select 't' || i, c.id, c.created_at, json_build_object('id', 't' || i, 'outcome', 'committed', 'passages', json_build_array(
		json_build_object('id', 'a.md#0001', 'document_id', 'a.md', 'hash', 'h', 'text', case i % 2 when 1 then '30 días.' else '14 días.' end)))
	from gateway_conversations c, generate_series(1, 1203) i returning id
)
insert into gateway_citations (document_id, hash, chunk_id, turn_id) select 'a.md', 'h', 'a.md#0001', id from kept
union all select 'lost.md', 'h', 'lost.md#0001', id from kept where id = 't1'`

// TestEarlierAnswersAreHashed finds what was said before the store kept hashes of it, and
// what a version without them says beside this one.
func TestEarlierAnswersAreHashed(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t)})
	now := time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
	accept(t, s, say("k", "1", "hola", now))
	claim(t, s, now.Add(time.Minute))
	if _, err := s.pool.Exec(t.Context(), unhashedAnswers); err != nil {
		t.Fatal(err)
	}
	on := []gateway.Basis{{TextHash: rag.Passage{Text: "30 días."}.TextHash()}}
	for _, want := range []int{602, 1} {
		list, _, err := s.Rested(t.Context(), on, gateway.Page{Limit: 200})
		if err != nil || len(list) != min(want, 200) || list[0].Passages[0] != "a.md#0001" {
			t.Fatalf("%d answers, %v", len(list), err)
		}
		var n int
		const query = `select count(*) from gateway_citations where text_hash = $1`
		if err := s.pool.QueryRow(t.Context(), query, on[0].TextHash).Scan(&n); err != nil || n != want {
			t.Errorf("%d hashed, %v; want %d", n, err, want)
		}
		for _, late := range []string{
			`delete from gateway_citations where document_id = 'a.md' and turn_id <> 't1'`, `update gateway_citations set text_hash = ''`,
		} {
			if _, err := s.pool.Exec(t.Context(), late); err != nil {
				t.Fatal(err)
			}
		}
	}
}
