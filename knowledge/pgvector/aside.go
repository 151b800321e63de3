package pgvector

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// aside is a second connection of a search, by which it reads what its words need while
// the database looks for the nearest by the first.
type aside struct {
	pool *pgxpool.Pool
	// wanted says that there are nearest to look for.
	wanted bool
	conn   *pgxpool.Conn
}

// spare says whether a second connection takes none from other searches: less than half
// of the pool is in use. That also keeps searches from waiting for each other for ever:
// of those that have all the connections, the last to come did not ask for a second.
func (a *aside) spare() bool {
	if a.conn != nil || !a.wanted {
		return a.wanted
	}
	s := a.pool.Stat()
	return 2*(s.AcquiredConns()+1) <= s.MaxConns()
}

// acquire gives the connection.
func (a *aside) acquire(ctx context.Context) (asker, error) {
	if a.conn != nil {
		return a.conn, nil
	}
	conn, err := a.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	a.conn = conn
	return conn, knowVectors(ctx, conn.Conn())
}

func (a *aside) release() {
	if a.conn != nil {
		a.conn.Release()
	}
}

// byWords finds the best by words, none when the index changes meanwhile, and compares
// them with the question.
func (x *Index) byWords(ctx context.Context, a *aside, p *proposals, r *readiness) error {
	if !x.words.prepare(p.q, r) {
		return nil
	}
	if len(r.fetched.postings) > 0 {
		conn, err := a.acquire(ctx)
		if err != nil {
			return err
		}
		batch, generation := &pgx.Batch{}, int64(0)
		x.queuePostings(batch, &r.fetched)
		batch.Queue(x.in(current)).QueryRow(func(row pgx.Row) error { return row.Scan(&generation) })
		if err := found(conn.SendBatch(ctx, batch).Close()); err != nil {
			return err
		}
		if generation != r.generation || !x.words.hold(*r) {
			return nil
		}
	}
	p.lexical = x.words.find(*r)
	if p.few != nil { // which are all compared anyway
		return nil
	}
	missing, known := x.recall(p, nil)
	if len(missing) == 0 || !a.spare() {
		return nil
	}
	conn, err := a.acquire(ctx)
	if err != nil {
		return err
	}
	return x.compare(ctx, conn, p, missing, known)
}
