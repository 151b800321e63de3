package knowledge

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

// errVectors says that the embedder does not do what an Embedder does. Trying again
// would not help.
var errVectors = errors.New("the embedding model gave another number of vectors")

// probe is a text that every embedding model has a vector for. When it fails, the
// model is down, and no text is to blame.
const probe = "hola"

// embedding fills in vectors: from the cache, and from the embedder for the rest.
type embedding struct {
	embedder Embedder // nil embeds nothing
	cache    *cached
	backoff  time.Duration
	// embedded counts the texts that the embedder gave a vector.
	embedded *atomic.Int64
}

// fill gives each piece its vector, or its parcel the reason why there is none. A text
// that stands in several pieces is embedded once.
func (e embedding) fill(ctx context.Context, pieces []piece) error {
	hashes, texts := []string{}, map[string]string{}
	for _, p := range pieces {
		d, chunk := p.get()
		if _, ok := texts[chunk.Hash]; !ok {
			hashes, texts[chunk.Hash] = append(hashes, chunk.Hash), IndexText(d, *chunk)
		}
	}
	known := e.cache.find(ctx, hashes)
	missing, ask := []string{}, []string{}
	for _, hash := range hashes {
		if known[hash] == nil {
			missing, ask = append(missing, hash), append(ask, texts[hash])
		}
	}
	results, err := e.results(ctx, ask)
	if err != nil {
		return fmt.Errorf("embed %d texts, the first of %s: %w", len(ask), owner(pieces, missing[0]), err)
	}
	fresh := make(map[string]result, len(missing))
	for i, hash := range missing {
		fresh[hash] = results[i]
	}
	return e.place(ctx, pieces, known, fresh)
}

// owner is the ID of the document that a passage belongs to.
func owner(pieces []piece, hash string) string {
	at := slices.IndexFunc(pieces, func(p piece) bool { _, chunk := p.get(); return chunk.Hash == hash })
	return pieces[at].parcel.documents[pieces[at].document].document.ID
}

// place checks what the embedder gave, keeps it and gives it to the pieces. A vector
// without direction concerns its document alone; one with another dimension or with
// NaN means that the embedder is wrong.
func (e embedding) place(ctx context.Context, pieces []piece, known map[string][]float32, fresh map[string]result) error {
	scaled, refused := make(map[string][]float32, len(fresh)), map[string]error{}
	for _, p := range pieces {
		_, chunk := p.get()
		r, ok := fresh[chunk.Hash]
		if !ok || scaled[chunk.Hash] != nil || refused[chunk.Hash] != nil {
			continue
		}
		vector, err := unit(r.vector, e.embedder.Dim())
		switch {
		case r.err != nil:
			refused[chunk.Hash] = fmt.Errorf("the embedding model refuses it: %w", r.err)
		case errors.Is(err, errZeroVector):
			refused[chunk.Hash] = err
		case err != nil:
			return fmt.Errorf("embed %s, passage %d: %w", chunk.DocumentID, chunk.Seq+1, err)
		default:
			scaled[chunk.Hash] = vector
		}
	}
	e.cache.keep(ctx, scaled)
	for _, p := range pieces {
		_, chunk := p.get()
		vector := known[chunk.Hash]
		if vector == nil {
			vector = scaled[chunk.Hash]
		}
		if err := p.keep(vector); err != nil {
			return err
		}
		if err := refused[chunk.Hash]; err != nil {
			p.parcel.fail(p, fmt.Errorf("passage %d: %w", chunk.Seq+1, err))
		}
	}
	return nil
}

// result is the vector of a text, or why the embedder has none for it.
type result struct {
	vector []float32
	err    error
}

// results embeds a batch. When it fails twice although the embedder works, its texts
// go one by one, to find those that are to blame.
func (e embedding) results(ctx context.Context, texts []string) ([]result, error) {
	list := make([]result, len(texts))
	vectors, err := e.call(ctx, texts)
	if err != nil && !final(ctx, err) {
		if err := e.pause(ctx); err != nil {
			return nil, err
		}
		vectors, err = e.call(ctx, texts)
	}
	if err == nil {
		for i, v := range vectors {
			list[i].vector = v
		}
		return list, nil
	}
	if final(ctx, err) || !e.works(ctx) {
		return nil, err
	}
	for i := range texts {
		vectors, err := e.call(ctx, texts[i:i+1])
		switch {
		case err == nil:
			list[i].vector = vectors[0]
		case final(ctx, err) || !e.works(ctx):
			return nil, err
		default:
			list[i].err = err
		}
	}
	return list, nil
}

// final says that an error has nothing to do with the texts.
func final(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, errVectors) || errors.Is(err, ErrDimension)
}

// works asks the embedder for the vector of a harmless text.
func (e embedding) works(ctx context.Context) bool {
	_, err := e.embedder.Embed(ctx, []string{probe})
	return err == nil
}

func (e embedding) call(ctx context.Context, texts []string) ([][]float32, error) {
	if len(texts) == 0 {
		return nil, nil
	}
	vectors, err := e.embedder.Embed(ctx, texts)
	if err != nil {
		return nil, err
	}
	if len(vectors) != len(texts) {
		return nil, fmt.Errorf("%w: %d", errVectors, len(vectors))
	}
	e.embedded.Add(int64(len(texts)))
	return vectors, nil
}

// pause waits between half the backoff and one and a half of it, so that runs that
// failed together do not come back together.
func (e embedding) pause(ctx context.Context) error {
	timer := time.NewTimer(e.backoff/2 + rand.N(e.backoff+1))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
