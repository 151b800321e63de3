package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
)

// recordQuery keeps a record, with the passages that it rests on, and notes whether its
// question is open.
const recordQuery = `
with kept as (
	insert into gateway_turns (id, conversation_id, at, record)
	select $1::text, id, $3::timestamptz, $4::text::json from gateway_conversations where id = $2
	on conflict (id) do nothing
	returning id, at
), cited as (
	insert into gateway_citations (document_id, hash, chunk_id, text_hash, turn_id)
	select c.*, kept.id from kept, unnest($5::text[], $6::text[], $7::text[], $8::text[]) c
	on conflict do nothing
)
insert into gateway_open_questions (turn_id, at) select id, at from kept where $9`

// queueRecord adds a decision record to a batch. A turn has one record: when a
// commit took effect although its answer was lost, a later abandoning changes
// nothing.
func queueRecord(batch *pgx.Batch, conversationID string, r gateway.Record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode a decision record: %w", err)
	}
	cited := r.Cited()
	documents, hashes, chunks, texts := make([]string, len(cited)), make([]string, len(cited)), make([]string, len(cited)), make([]string, len(cited))
	for i, p := range cited {
		documents[i], hashes[i], chunks[i], texts[i] = escape(p.DocumentID), escape(p.Hash), escape(p.ID), p.TextHash()
	}
	batch.Queue(recordQuery, escape(r.ID), escape(conversationID), present(r.At), string(data), documents, hashes, chunks, texts, r.Open())
	return nil
}

// restedQuery finds the turns that cite one of the passages.
const restedQuery = `
with asked as (
	select * from unnest($1::text[], $2::text[], $3::text[], $7::text[]) as q (document_id, hash, chunk_id, text_hash)
), cited as (
	select turn_id, array_agg(distinct chunk_id) as chunks
	from (
		select c.turn_id, c.chunk_id from asked q join gateway_citations c on c.document_id = q.document_id
			and (c.hash = q.hash or c.hash = '' and c.chunk_id = q.chunk_id)
		union
		select c.turn_id, c.chunk_id from asked q join gateway_citations c on c.text_hash = q.text_hash where q.text_hash <> ''
	) c
	group by turn_id
)
select t.record, t.conversation_id, t.at, cited.chunks, c.user_id, c.phone, c.name
from cited join gateway_turns t on t.id = cited.turn_id join gateway_conversations c on c.id = t.conversation_id
where $4::timestamptz is null or (t.at, t.id) < ($4, $5)
order by t.at desc, t.id desc limit $6`

// unhashed are citations that were kept without the hash of what the passage says.
const unhashed = `
select c.document_id, c.hash, c.chunk_id, c.turn_id, t.record
from gateway_citations c join gateway_turns t on t.id = c.turn_id where c.text_hash = '' limit 500`

const hashQuery = `
update gateway_citations set text_hash = $5
where document_id = $1 and hash = $2 and chunk_id = $3 and turn_id = $4`

// hashAll adds the hashes that earlier versions did not keep, a few hundred at a time.
// Such a version may still be writing beside this one.
func (s *Store) hashAll(ctx context.Context) error {
	for {
		found, err := s.pool.Query(ctx, unhashed)
		if err != nil {
			return err
		}
		batch, columns := &pgx.Batch{}, [4]string{}
		var r gateway.Record
		into := []any{&columns[0], &columns[1], &columns[2], &columns[3], &r}
		_, err = pgx.ForEachRow(found, into, func() error {
			of := gateway.Basis{DocumentID: unescape(columns[0]), Hash: unescape(columns[1]), ChunkID: unescape(columns[2])}
			batch.Queue(hashQuery, columns[0], columns[1], columns[2], columns[3], r.TextHash(of))
			r = gateway.Record{} // the next row is read into a new one
			return nil
		})
		if err != nil || batch.Len() == 0 {
			return err
		}
		if err := s.pool.SendBatch(ctx, batch).Close(); err != nil {
			return err
		}
	}
}

// Rested implements gateway.Evidence.
func (s *Store) Rested(ctx context.Context, on []gateway.Basis, p gateway.Page) ([]gateway.RestedAnswer, string, error) {
	after, err := cursorOf(listRested, p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list answers: %w", err)
	}
	at, id := after.args()
	if err := s.hashAll(ctx); err != nil {
		return nil, "", fmt.Errorf("hash what earlier answers cite: %w", err)
	}
	documents, hashes, chunks, texts := make([]string, len(on)), make([]string, len(on)), make([]string, len(on)), make([]string, len(on))
	for i, b := range on {
		documents[i], hashes[i], chunks[i], texts[i] = escape(b.DocumentID), escape(b.Hash), escape(b.ChunkID), escape(b.TextHash)
	}
	found, err := s.pool.Query(ctx, restedQuery, documents, hashes, chunks, at, id, rows(p)+1, texts)
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
