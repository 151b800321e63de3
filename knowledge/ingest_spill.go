package knowledge

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
)

// Streamed is an Index that takes the vectors of a document one by one while it writes,
// so that those of a large one need not all be in memory.
type Streamed interface {
	// ReplaceStreamed is Replace with chunks whose vectors are asked for in their order,
	// each once. An error of vector changes nothing and is returned.
	ReplaceStreamed(ctx context.Context, d Document, chunks []Chunk, vector func(i int) ([]float32, error)) error
}

// spill keeps the vectors of a parcel in a temporary file, at the places of its chunks.
// They are of no use once the parcel is written or the run has ended.
type spill struct {
	file *os.File
	dim  int
	// first is by document the place of its first chunk.
	first []int
}

func newSpill(dir string, dim int, documents []prepared) (*spill, error) {
	file, err := os.CreateTemp(dir, "recado-vectors-*")
	if err != nil {
		return nil, fmt.Errorf("make a file for the vectors of a large document: %w", err)
	}
	// Where an open file can be removed it goes now, so that nothing stays of a process that
	// is killed.
	_ = os.Remove(file.Name())
	s := &spill{file: file, dim: dim, first: make([]int, len(documents))}
	for i := 1; i < len(documents); i++ {
		s.first[i] = s.first[i-1] + len(documents[i-1].chunks)
	}
	return s, nil
}

// keep writes the vector of a chunk. Several may be written at a time.
func (s *spill) keep(document, chunk int, vector []float32) error {
	raw := make([]byte, 0, 4*s.dim)
	for _, x := range vector {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	if _, err := s.file.WriteAt(raw, s.at(document, chunk)); err != nil {
		return fmt.Errorf("keep a vector of a large document: %w", err)
	}
	return nil
}

func (s *spill) vector(document, chunk int) ([]float32, error) {
	raw := make([]byte, 4*s.dim)
	if _, err := s.file.ReadAt(raw, s.at(document, chunk)); err != nil {
		return nil, fmt.Errorf("read a vector of a large document: %w", err)
	}
	vector := make([]float32, s.dim)
	for i := range vector {
		vector[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return vector, nil
}

func (s *spill) at(document, chunk int) int64 {
	return int64(s.first[document]+chunk) * int64(4*s.dim)
}

// close removes the file. More than once is no harm.
func (s *spill) close() {
	if err := s.file.Close(); errors.Is(err, os.ErrClosed) {
		return
	}
	_ = os.Remove(s.file.Name()) // where it could not be removed before
}

// spillLarge lets the vectors of a parcel that would take half of the room by itself
// wait in a file, where the index can take them from there.
func (s *stages) spillLarge(p *parcel) error {
	if _, ok := s.config.Index.(Streamed); !ok || p.bytes <= s.config.InFlight/2 {
		return nil
	}
	var err error
	if p.spill, err = newSpill(s.config.ScratchDir, s.config.Embedder.Dim(), p.documents); err != nil {
		return err
	}
	s.spills = append(s.spills, p.spill)
	return nil
}

// closeSpills removes what a run that ended early left.
func (s *stages) closeSpills() {
	for _, one := range s.spills {
		one.close()
	}
}

// advance tells how far a large parcel has come. Others are told when they are done.
func (s *stages) advance(p *parcel) {
	if p.spill != nil {
		s.tell(p.label, int(p.passages), int(p.passages-p.missing.Load()), int(p.written.Load()))
	}
}

// writtenStep is after how many passages that are written the progress is told.
const writtenStep = 500

// replace writes a document of a parcel.
func (s *stages) replace(ctx context.Context, p *parcel, at int) error {
	one := p.documents[at]
	streamed, ok := s.config.Index.(Streamed)
	if !ok || p.spill == nil {
		return s.config.Index.Replace(ctx, one.document, one.chunks)
	}
	return streamed.ReplaceStreamed(ctx, one.document, one.chunks, func(i int) ([]float32, error) {
		if p.written.Add(1)%writtenStep == 0 {
			s.advance(p)
		}
		return p.spill.vector(at, i)
	})
}
