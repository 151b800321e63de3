package cassette

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag"
)

// Model records the model, or stands in for it. Its name is that of the model.
func (c *Cassette) Model(inner rag.Model) rag.Model { return model{c, inner} }

type model struct {
	c     *Cassette
	inner rag.Model
}

// Name implements rag.Model.
func (m model) Name() string { return m.inner.Name() }

// Complete implements rag.Model.
func (m model) Complete(ctx context.Context, r rag.Request) (rag.Response, error) {
	response, err := do(ctx, m.c, call[rag.Response]{
		kind: KindModel, name: m.inner.Name(), parts: requestParts(r),
		ask:   func(ctx context.Context) (rag.Response, error) { return m.inner.Complete(ctx, r) },
		drift: responseDrift,
	})
	if err != nil {
		return response, fmt.Errorf("%w: %w", rag.ErrModel, err)
	}
	return response, nil
}

// requestParts are what determines an answer. The conversation's id, by which cost is
// counted, does not.
func requestParts(r rag.Request) []Part {
	parts := []Part{
		{"language", r.Locale},
		{"question", normal(r.Question)},
		{"query", normal(r.Query)},
		{"day", r.At.Format("2006-01-02")},
	}
	for i, h := range r.History {
		parts = append(parts, Part{fmt.Sprintf("history %d", i+1), string(h.Role) + ": " + normal(h.Text)})
	}
	for i, p := range r.Passages {
		parts = append(parts, Part{fmt.Sprintf("passage %d", i+1), p.ID + " " + hash(p.Question+"\n"+p.Text)})
	}
	parts = append(parts, Part{"orders", hashed(r.Orders)}, Part{"receipts", hashed(r.Receipts)})
	for i, m := range r.Messages {
		parts = append(parts, Part{fmt.Sprintf("message %d (%s)", i+1, m.Role), hash(m.Content)})
	}
	if r.Rejected != "" {
		parts = append(parts, Part{"rejected", normal(r.Rejected)}, Part{"objections", strings.Join(r.Objections, "; ")})
	}
	return append(parts, Part{"settings", fmt.Sprintf("parts %d, writable %v, clarified %v", len(r.Parts), r.Writable, r.Clarified)})
}

func hashed(value any) string {
	// Plain data; it always marshals.
	text, _ := json.Marshal(value)
	return hash(string(text))
}

// responseDrift says what in a draft is another.
func responseDrift(before, now rag.Response) string {
	var list []string
	note := func(what string, a, b any) {
		if hashed(a) != hashed(b) {
			list = append(list, what)
		}
	}
	if before.Draft.NeedsHuman != now.Draft.NeedsHuman {
		list = append(list, map[bool]string{true: "wants a person now", false: "wants no person any more"}[now.Draft.NeedsHuman])
	}
	note("other actions", before.Draft.Actions, now.Draft.Actions)
	note("other citations", before.Draft.Citations, now.Draft.Citations)
	note("another text", before.Draft.Answer, now.Draft.Answer)
	note("another model answered", before.Model, now.Model)
	return strings.Join(list, ", ")
}

// Embedder records the embedder, or stands in for it. All cases share its answers.
func (c *Cassette) Embedder(inner knowledge.Embedder) knowledge.Embedder { return embedder{c, inner} }

type embedder struct {
	c *Cassette
	knowledge.Embedder
}

// vector is written as base64 of little-endian float32.
type vector string

// DenseShare implements knowledge.Weighted by the embedder's own word.
func (e embedder) DenseShare() float64 {
	if w, ok := e.Embedder.(knowledge.Weighted); ok {
		return w.DenseShare()
	}
	return knowledge.DefaultDenseShare
}

// Embed implements knowledge.Embedder. Texts are kept one by one, whatever they were
// asked with; those that are not known yet are asked for together.
func (e embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	fresh, err := e.ask(ctx, texts)
	if err != nil {
		return nil, err
	}
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		v, err := do(ctx, e.c, call[vector]{
			kind: KindEmbed, name: e.Name(), parts: textParts(text), shared: true,
			ask:   func(context.Context) (vector, error) { return fresh[text], nil },
			drift: vectorDrift,
		})
		if err != nil {
			return nil, err
		}
		if vectors[i], err = v.floats(); err != nil {
			return nil, err
		}
	}
	return vectors, nil
}

func textParts(text string) []Part { return []Part{{"text", normal(text)}} }

// ask asks the embedder for those texts that do have to be asked for.
func (e embedder) ask(ctx context.Context, texts []string) (map[string]vector, error) {
	var unknown []string
	for _, text := range texts {
		entry := Entry{Kind: KindEmbed, Key: keyOf(KindEmbed, e.Name(), textParts(text)), Nth: 1}
		if _, ok := e.c.known(entry); (!ok || e.c.mode == Refresh) && e.c.mode != Replay {
			unknown = append(unknown, text)
		}
	}
	if len(unknown) == 0 {
		return nil, nil
	}
	list, err := e.Embedder.Embed(ctx, unknown)
	if err != nil {
		return nil, err
	}
	if len(list) != len(unknown) {
		return nil, fmt.Errorf("the embedder gave %d vectors for %d texts", len(list), len(unknown))
	}
	fresh := map[string]vector{}
	for i, text := range unknown {
		fresh[text] = packed(list[i])
	}
	return fresh, nil
}

func packed(list []float32) vector {
	data := make([]byte, 0, 4*len(list))
	for _, x := range list {
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(x))
	}
	return vector(base64.StdEncoding.EncodeToString(data))
}

func (v vector) floats() ([]float32, error) {
	data, err := base64.StdEncoding.DecodeString(string(v))
	if err != nil || len(data)%4 != 0 {
		return nil, fmt.Errorf("read the cassette: a vector is damaged")
	}
	list := make([]float32, len(data)/4)
	for i := range list {
		list[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
	}
	return list, nil
}

// sameVector is the cosine from which on two vectors are the same but for rounding.
const sameVector = 0.9999

func vectorDrift(before, now vector) string {
	a, errA := before.floats()
	b, errB := now.floats()
	if errA != nil || errB != nil || len(a) != len(b) {
		return "another length"
	}
	if cosine := cosineOf(a, b); cosine < sameVector {
		return fmt.Sprintf("cosine %.4f to the one recorded", cosine)
	}
	return ""
}

func cosineOf(a, b []float32) float64 {
	var dot, aa, bb float64
	for i := range a {
		dot += float64(a[i]) * float64(b[i])
		aa += float64(a[i]) * float64(a[i])
		bb += float64(b[i]) * float64(b[i])
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	return dot / math.Sqrt(aa*bb)
}

// Reranker records the reranker, or stands in for it.
func (c *Cassette) Reranker(inner rag.Reranker) rag.Reranker { return reranker{c, inner} }

type reranker struct {
	c *Cassette
	rag.Reranker
}

// Rerank implements rag.Reranker.
func (r reranker) Rerank(ctx context.Context, question string, passages []string) ([]float64, error) {
	parts := []Part{{"question", normal(question)}}
	for i, p := range passages {
		parts = append(parts, Part{fmt.Sprintf("passage %d", i+1), hash(p)})
	}
	return do(ctx, r.c, call[[]float64]{
		kind: KindRerank, name: r.Name(), parts: parts,
		ask:   func(ctx context.Context) ([]float64, error) { return r.Reranker.Rerank(ctx, question, passages) },
		drift: func(before, now []float64) string { return orderDrift(before, now) },
	})
}

// orderDrift tells of scores that put passages into another order.
func orderDrift(before, now []float64) string {
	if slices.Equal(order(before), order(now)) {
		return ""
	}
	return "another order"
}

func order(scores []float64) []int {
	places := make([]int, len(scores))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int {
		switch {
		case scores[a] > scores[b]:
			return -1
		case scores[a] < scores[b]:
			return 1
		}
		return 0
	})
	return places
}
