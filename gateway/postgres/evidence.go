package postgres

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// queueEvidence notes what a record rests on and whether its question is open. A record
// that was kept before has its rows already.
func queueEvidence(batch *pgx.Batch, r gateway.Record) {
	for _, p := range r.Cited() {
		batch.Queue(`insert into gateway_citations (document_id, hash, chunk_id, turn_id)
			select $1, $2, $3, id from gateway_turns where id = $4 on conflict do nothing`,
			escape(p.DocumentID), escape(p.Hash), escape(p.ID), escape(r.ID))
	}
	if r.Open() {
		batch.Queue(`insert into gateway_open_questions (turn_id, at)
			select id, at from gateway_turns where id = $1 on conflict do nothing`, escape(r.ID))
	}
}

// restedQuery finds the turns that cite one of the passages.
const restedQuery = `
with cited as (
	select c.turn_id, array_agg(distinct c.chunk_id) as chunks
	from unnest($1::text[], $2::text[], $3::text[]) as q (document_id, hash, chunk_id)
	join gateway_citations c on c.document_id = q.document_id
		and (c.hash = q.hash or c.hash = '' and c.chunk_id = q.chunk_id)
	group by c.turn_id
)
select t.record, t.conversation_id, t.at, cited.chunks, c.user_id, c.phone, c.name
from cited join gateway_turns t on t.id = cited.turn_id join gateway_conversations c on c.id = t.conversation_id
where $4::timestamptz is null or (t.at, t.id) < ($4, $5)
order by t.at desc, t.id desc limit $6`

// Rested implements gateway.Evidence.
func (s *Store) Rested(ctx context.Context, on []gateway.Basis, p gateway.Page) ([]gateway.RestedAnswer, string, error) {
	after, err := cursorOf(listRested, p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list answers: %w", err)
	}
	at, id := after.args()
	documents, hashes, chunks := make([]string, len(on)), make([]string, len(on)), make([]string, len(on))
	for i, b := range on {
		documents[i], hashes[i], chunks[i] = escape(b.DocumentID), escape(b.Hash), escape(b.ChunkID)
	}
	found, err := s.pool.Query(ctx, restedQuery, documents, hashes, chunks, at, id, rows(p)+1)
	if err != nil {
		return nil, "", fmt.Errorf("list answers: %w", err)
	}
	type answer struct {
		gateway.RestedAnswer
		at time.Time
	}
	list, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (answer, error) {
		var a answer
		var r gateway.Record
		err := row.Scan(&r, scan(&a.ConversationID), when(&a.at), &a.Passages,
			scan(&a.Contact.UserID), scan(&a.Contact.Phone), scan(&a.Name))
		for i := range a.Passages {
			a.Passages[i] = unescape(a.Passages[i])
		}
		slices.Sort(a.Passages)
		a.TurnID, a.At, a.Question, a.Reply = r.ID, r.At, r.Asked(), r.Reply
		return a, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list answers: %w", err)
	}
	list, next := cut(list, p, listRested, func(a answer) cursor { return cursor{a.at, a.TurnID} })
	answers := make([]gateway.RestedAnswer, len(list))
	for i, a := range list {
		answers[i] = a.RestedAnswer
	}
	return answers, next, nil
}

const unansweredQuery = `
select t.record, t.conversation_id, o.at
from gateway_open_questions o join gateway_turns t on t.id = o.turn_id
where o.at >= $1 and ($2::timestamptz is null or (o.at, o.turn_id) < ($2, $3))
order by o.at desc, o.turn_id desc limit $4`

// Unanswered implements gateway.Evidence.
func (s *Store) Unanswered(ctx context.Context, since time.Time, p gateway.Page) ([]gateway.Unanswered, string, error) {
	after, err := cursorOf(listUnanswered, p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list unanswered questions: %w", err)
	}
	at, id := after.args()
	found, err := s.pool.Query(ctx, unansweredQuery, stamp(since), at, id, rows(p)+1)
	if err != nil {
		return nil, "", fmt.Errorf("list unanswered questions: %w", err)
	}
	type question struct {
		gateway.Unanswered
		at time.Time
	}
	list, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (question, error) {
		var r gateway.Record
		var q question
		var conversation string
		err := row.Scan(&r, scan(&conversation), when(&q.at))
		q.Unanswered = r.Unanswered()
		q.ConversationID = conversation
		return q, err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list unanswered questions: %w", err)
	}
	list, next := cut(list, p, listUnanswered, func(q question) cursor { return cursor{q.at, q.TurnID} })
	questions := make([]gateway.Unanswered, len(list))
	for i, q := range list {
		questions[i] = q.Unanswered
	}
	return questions, next, nil
}
