package sqlite

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// cite notes what the record that was kept last rests on and whether its question is
// open.
func (t *tx) cite(r gateway.Record) error {
	for _, p := range r.Cited() {
		const query = `insert or ignore into citations (document_id, hash, chunk_id, text_hash, turn)
			values (?, ?, ?, ?, (select max(n) from turns))`
		if err := t.exec(query, p.DocumentID, p.Hash, p.ID, p.TextHash()); err != nil {
			return fmt.Errorf("keep a citation: %w", err)
		}
	}
	if !r.Open() {
		return nil
	}
	if err := t.exec(`insert into open_questions (turn, at) select max(n), ? from turns`, nanos(r.At)); err != nil {
		return fmt.Errorf("keep an open question: %w", err)
	}
	return nil
}

// rested is an answer with its place in the list.
type rested struct {
	gateway.RestedAnswer
	n int64
}

func scanRested(r row) (rested, error) {
	var a rested
	var record gateway.Record
	err := r.Scan(&a.n, document{&record}, &a.ConversationID, &a.Contact.UserID, &a.Contact.Phone, &a.Name)
	if err != nil {
		return a, fmt.Errorf("read a record: %w", err)
	}
	a.TurnID, a.At, a.Question, a.Reply = record.ID, record.At, record.Asked(), record.Reply
	return a, nil
}

// citation is a turn that cites a passage.
type citation struct {
	turn  int64
	chunk string
}

func scanCitation(r row) (c citation, err error) { return c, r.Scan(&c.turn, &c.chunk) }

// citing gives the passages in question that each turn below a number cites.
func (t *tx) citing(on []gateway.Basis, below int64) (map[int64][]string, error) {
	const query = `select turn, chunk_id from citations where document_id = ?1 and hash = ?2 and turn < ?3
		union select turn, chunk_id from citations where document_id = ?1 and hash = '' and chunk_id = ?4 and turn < ?3
		union select turn, chunk_id from citations where text_hash = ?5 and ?5 <> '' and turn < ?3`
	found := map[int64][]string{}
	for _, b := range on {
		cited, err := list(t, scanCitation, query, b.DocumentID, b.Hash, below, b.ChunkID, b.TextHash)
		if err != nil {
			return nil, err
		}
		for _, c := range cited {
			if !slices.Contains(found[c.turn], c.chunk) {
				found[c.turn] = append(found[c.turn], c.chunk)
			}
		}
	}
	return found, nil
}

// unhashed is a citation that was kept without the hash of what the passage says.
type unhashed struct {
	gateway.Basis
	turn   int64
	record gateway.Record
}

func scanUnhashed(r row) (u unhashed, err error) {
	return u, r.Scan(&u.DocumentID, &u.Hash, &u.ChunkID, &u.turn, document{&u.record})
}

// hashAll adds the hashes that earlier versions did not keep, a few hundred in one
// change. Such a version may still be writing beside this one.
func (s *Store) hashAll(ctx context.Context) error {
	for missing := true; missing; {
		err := s.read(ctx, func(t *tx) error {
			_, err := t.one(`select exists (select 1 from citations where text_hash = '')`, nil, &missing)
			return err
		})
		if err != nil || !missing {
			return err
		}
		if err := s.write(ctx, func(t *tx) error { return t.hashSome() }); err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) hashSome() error {
	const query = `select c.document_id, c.hash, c.chunk_id, c.turn, t.record
		from citations c join turns t on t.n = c.turn where c.text_hash = '' limit 500`
	some, err := list(t, scanUnhashed, query)
	if err != nil {
		return err
	}
	for _, u := range some {
		const query = `update citations set text_hash = ? where document_id = ? and hash = ? and chunk_id = ? and turn = ?`
		if err := t.exec(query, u.record.TextHash(u.Basis), u.DocumentID, u.Hash, u.ChunkID, u.turn); err != nil {
			return err
		}
	}
	return nil
}

// Rested implements gateway.Evidence.
func (s *Store) Rested(ctx context.Context, on []gateway.Basis, p gateway.Page) ([]gateway.RestedAnswer, string, error) {
	before, err := downFrom("rested", p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list answers: %w", err)
	}
	if err := s.hashAll(ctx); err != nil {
		return nil, "", fmt.Errorf("hash what earlier answers cite: %w", err)
	}
	n, all := limit(p), []rested{}
	err = s.read(ctx, func(t *tx) error {
		found, err := t.citing(on, before)
		if err != nil {
			return err
		}
		turns := slices.Sorted(maps.Keys(found))
		slices.Reverse(turns)
		for _, turn := range turns[:min(n+1, len(turns))] {
			const query = `select t.n, t.record, t.conversation_id, c.user_id, c.phone, c.name
				from turns t join conversations c on c.id = t.conversation_id where t.n = ?`
			a, err := get(t, scanRested, query, turn)
			if err != nil {
				return err
			}
			a.Passages = slices.Sorted(slices.Values(found[turn]))
			all = append(all, a)
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("list answers: %w", err)
	}
	all, next := page("rested", all, n, func(a rested) cursor { return cursor{at: a.n} })
	answers := make([]gateway.RestedAnswer, len(all))
	for i, a := range all {
		answers[i] = a.RestedAnswer
	}
	return answers, next, nil
}

// downFrom is the number below which a page of a list goes on that counts down.
func downFrom(list, after string) (int64, error) {
	if after == "" {
		return 1 << 62, nil
	}
	c, err := parseCursor(list, after)
	return c.at, err
}

// Unanswered implements gateway.Evidence.
func (s *Store) Unanswered(ctx context.Context, since time.Time, p gateway.Page) ([]gateway.Unanswered, string, error) {
	before, err := downFrom("unanswered", p.After)
	if err != nil {
		return nil, "", fmt.Errorf("list unanswered questions: %w", err)
	}
	const query = `select t.n, t.conversation_id, t.record from open_questions o join turns t on t.n = o.turn
		where o.at >= ?1 and o.turn < ?2 order by o.turn desc limit ?3`
	n := limit(p)
	var all []numbered
	err = s.read(ctx, func(t *tx) (err error) {
		all, err = list(t, scanRecord, query, nanos(since), before, n+1)
		return err
	})
	if err != nil {
		return nil, "", fmt.Errorf("list unanswered questions: %w", err)
	}
	all, next := page("unanswered", all, n, func(v numbered) cursor { return cursor{at: v.n} })
	questions := make([]gateway.Unanswered, len(all))
	for i, v := range all {
		questions[i] = v.Unanswered()
	}
	return questions, next, nil
}
