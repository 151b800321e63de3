package knowledge

import (
	"context"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// prepared is a document that waits for its vectors, or one of which only the place has
// to be noted.
type prepared struct {
	document Document
	chunks   []Chunk
	touch    bool
}

// parcel is the documents of one text, the languages of a table for example: they go
// into the index together or not at all.
type parcel struct {
	at int // the place that it came from
	// base is the name that their IDs begin with, label what a report calls them.
	base, label string
	documents   []prepared
	bytes       int64
	// passages is how many chunks it has to be embedded for, missing counts those without a
	// vector and written those that are in the index.
	passages         int64
	missing, written atomic.Int64
	// spill has the vectors of a large parcel, whose chunks have none.
	spill *spill

	mu   sync.Mutex
	err  error // why it can't go in
	from piece // the first piece that err is about
}

// weigh adds up what the parcel takes in memory until it is written.
func (p *parcel) weigh(dim int) {
	const document, chunk = 1 << 10, 1 << 8
	for _, d := range p.documents {
		p.bytes += int64(document + 2*len(d.document.Body) + len(d.chunks)*(chunk+4*dim))
	}
}

// fail notes why a piece can't go in. Of several reasons the first in the text counts,
// whichever comes first in time.
func (p *parcel) fail(at piece, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err == nil || at.document < p.from.document || at.document == p.from.document && at.chunk < p.from.chunk {
		p.err, p.from = err, at
	}
}

// failure is why the parcel can't go in, nil if it can.
func (p *parcel) failure() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// piece is one chunk of a parcel.
type piece struct {
	parcel          *parcel
	document, chunk int
}

func (p piece) get() (Document, *Chunk) {
	d := &p.parcel.documents[p.document]
	return d.document, &d.chunks[p.chunk]
}

// keep gives the piece its vector, nil if it has none.
func (p piece) keep(vector []float32) error {
	if p.parcel.spill != nil && vector != nil {
		return p.parcel.spill.keep(p.document, p.chunk, vector)
	}
	_, chunk := p.get()
	chunk.Vector = vector
	return nil
}

// reading is what came of reading one place.
type reading struct {
	parcels []*parcel
	err     error // the place as a whole
}

// slot is a place on its way: it is read in parallel and admitted in its order.
type slot struct {
	at   int
	done chan reading
}

// stages takes places from reading to writing, several at a time in each stage, with a
// bound on what is between them. A stage that fails ends all.
type stages struct {
	config Config
	embed  embedding
	gate   *gate
	// read gets a place, and its error ends the run. admit sees what was read, one place
	// after the other in their order, and gives what has to be written. write finishes a
	// parcel whose vectors are there or that failed.
	read  func(ctx context.Context, at int) (reading, error)
	admit func(at int, r reading) []*parcel
	write func(ctx context.Context, p *parcel) error
	// tell says how far a large parcel has come: prepared of its passages have their
	// vectors, and written are in the index.
	tell func(label string, passages, prepared, written int)

	// spills are of large parcels. The one goroutine that admits adds them.
	spills []*spill

	batches chan []piece
	ready   chan *parcel
}

// run takes n places through.
func (s *stages) run(ctx context.Context, n int) error {
	defer s.closeSpills()
	g, ctx := errgroup.WithContext(ctx)
	work, ordered := make(chan *slot), make(chan *slot, 4*s.config.Workers)
	s.batches, s.ready = make(chan []piece), make(chan *parcel)
	g.Go(func() error {
		defer close(work)
		defer close(ordered)
		return s.dispatch(ctx, n, work, ordered)
	})
	for range s.config.Workers {
		g.Go(func() error { return s.readAll(ctx, work) })
	}
	// Whoever gives to ready has to be done before it closes.
	giving, embedders := &sync.WaitGroup{}, s.config.Calls
	giving.Add(1 + embedders)
	g.Go(func() error {
		defer giving.Done()
		defer close(s.batches)
		return s.admitAll(ctx, ordered)
	})
	for range embedders {
		g.Go(func() error {
			defer giving.Done()
			return s.embedAll(ctx)
		})
	}
	g.Go(func() error {
		giving.Wait()
		close(s.ready)
		return nil
	})
	for range s.config.Workers {
		g.Go(func() error { return s.writeAll(ctx) })
	}
	return g.Wait()
}

// dispatch starts the places in their order as long as there is room. Those that were
// started always come through, so that the room comes back.
func (s *stages) dispatch(ctx context.Context, n int, work, ordered chan<- *slot) error {
	for at := range n {
		if err := s.gate.wait(ctx); err != nil {
			return err
		}
		one := &slot{at: at, done: make(chan reading, 1)}
		for _, next := range []chan<- *slot{ordered, work} {
			if err := send(ctx, next, one); err != nil {
				return err
			}
		}
	}
	return nil
}

// send gives a value to the next stage, or the context's error.
func send[T any](ctx context.Context, to chan<- T, value T) error {
	select {
	case to <- value:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *stages) readAll(ctx context.Context, work <-chan *slot) error {
	for one := range work {
		r, err := s.read(ctx, one.at)
		if err == nil {
			err = ctx.Err() // a place is not broken because the run was stopped
		}
		if err != nil {
			return err
		}
		for _, p := range r.parcels {
			p.weigh(s.config.Embedder.Dim())
			s.gate.add(p.bytes)
		}
		one.done <- r
	}
	return nil
}

// admitAll makes batches of what has to be embedded, across documents. A batch that is
// not full waits for more, unless no more can come before it goes.
func (s *stages) admitAll(ctx context.Context, ordered <-chan *slot) error {
	b := batch{texts: s.config.Batch, tokens: s.config.BatchTokens}
	for one := range ordered {
		var r reading
		select {
		case r = <-one.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		for _, p := range s.admitOne(one.at, r) {
			if err := s.forward(ctx, &b, p); err != nil {
				return err
			}
		}
		if s.gate.full() && len(b.pieces) > 0 {
			if err := send(ctx, s.batches, b.take()); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil || len(b.pieces) == 0 {
		return err
	}
	return send(ctx, s.batches, b.take())
}

// admitOne admits a place and gives back the room of what needs nothing more.
func (s *stages) admitOne(at int, r reading) []*parcel {
	admitted := s.admit(at, r)
	stay := make(map[*parcel]bool, len(admitted))
	for _, p := range admitted {
		stay[p] = true
	}
	for _, p := range r.parcels {
		if !stay[p] {
			s.gate.release(p.bytes)
		}
	}
	return admitted
}

// forward sends a parcel on: to be embedded, or to be written if nothing is missing.
func (s *stages) forward(ctx context.Context, b *batch, p *parcel) error {
	var pieces []piece
	for i, d := range p.documents {
		for j := range d.chunks {
			if !d.touch && d.chunks[j].Vector == nil && s.embed.embedder != nil {
				pieces = append(pieces, piece{p, i, j})
			}
		}
	}
	p.passages = int64(len(pieces))
	p.missing.Store(p.passages)
	if len(pieces) == 0 {
		return send(ctx, s.ready, p)
	}
	if err := s.spillLarge(p); err != nil {
		return err
	}
	for _, one := range pieces {
		_, chunk := one.get()
		if !b.fits(chunk.Tokens) {
			if err := send(ctx, s.batches, b.take()); err != nil {
				return err
			}
		}
		b.add(one, chunk.Tokens)
	}
	if b.fits(0) {
		return nil
	}
	return send(ctx, s.batches, b.take())
}

// batch gathers pieces for one call of the embedder.
type batch struct {
	texts, tokens int // at most
	pieces        []piece
	sum           int
}

func (b *batch) fits(tokens int) bool {
	return len(b.pieces) == 0 || len(b.pieces) < b.texts && b.sum+tokens <= b.tokens
}

func (b *batch) add(p piece, tokens int) {
	b.pieces, b.sum = append(b.pieces, p), b.sum+tokens
}

func (b *batch) take() []piece {
	pieces := b.pieces
	b.pieces, b.sum = nil, 0
	return pieces
}

func (s *stages) embedAll(ctx context.Context) error {
	for pieces := range s.batches {
		if err := s.embed.fill(ctx, pieces); err != nil {
			return err
		}
		for _, p := range pieces {
			left := p.parcel.missing.Add(-1)
			if left%writtenStep == 0 {
				s.advance(p.parcel)
			}
			if left > 0 {
				continue
			}
			if err := send(ctx, s.ready, p.parcel); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stages) writeAll(ctx context.Context) error {
	for p := range s.ready {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.write(ctx, p); err != nil {
			return err
		}
		if p.spill != nil {
			p.spill.close()
		}
		s.gate.release(p.bytes)
	}
	return nil
}

// gate bounds the bytes that are between reading and writing. One goroutine waits at it.
type gate struct {
	limit int64
	bytes atomic.Int64
	freed chan struct{}
}

func newGate(limit int64) *gate { return &gate{limit: limit, freed: make(chan struct{}, 1)} }

func (g *gate) full() bool { return g.bytes.Load() >= g.limit }

func (g *gate) add(bytes int64) { g.bytes.Add(bytes) }

func (g *gate) release(bytes int64) {
	g.bytes.Add(-bytes)
	select {
	case g.freed <- struct{}{}:
	default: // the one who waits is told already
	}
}

func (g *gate) wait(ctx context.Context) error {
	for g.full() {
		select {
		case <-g.freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return ctx.Err()
}
