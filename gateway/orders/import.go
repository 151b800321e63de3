package orders

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// importBatch is how many orders are written at once.
const importBatch = 500

// maxBroken is how many broken orders an import names before it only counts.
const maxBroken = 20

// Import reads a JSON array, one JSON object, or JSONL with an order on each line,
// and writes the orders in batches. An order that is wrong is named by its line
// (JSONL) or its place from 1, and the others go in; then the error lists them.
// progress is told the number of orders written so far; it may be nil.
func (b *Book) Import(ctx context.Context, r io.Reader, progress func(n int)) (int, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	first, err := firstByte(in)
	if errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%w: the file is empty", ErrInvalid)
	}
	if err != nil {
		return 0, fmt.Errorf("read orders: %w", err)
	}
	im := &importer{book: b, ctx: ctx, progress: progress}
	if first == '[' {
		err = im.array(in)
	} else {
		err = im.lines(in)
	}
	return im.written, errors.Join(err, im.flush(), im.broken())
}

// firstByte is the first byte that is no white space, left unread. A byte order
// mark is dropped.
func firstByte(in *bufio.Reader) (byte, error) {
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := in.Discard(3); err != nil {
			return 0, err
		}
	}
	for {
		c, err := in.ReadByte()
		if err != nil {
			return 0, err
		}
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c, in.UnreadByte()
		}
	}
}

type importer struct {
	book     *Book
	ctx      context.Context
	progress func(n int)
	batch    []json.RawMessage
	written  int
	errs     []error
	failed   int
}

func (im *importer) array(in io.Reader) error {
	dec := json.NewDecoder(in)
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	for n := 1; dec.More(); n++ {
		var doc json.RawMessage
		if err := dec.Decode(&doc); err != nil {
			return fmt.Errorf("%w: the file is no JSON from order %d on: %w", ErrInvalid, n, err)
		}
		if err := im.add(doc, fmt.Sprintf("order %d", n)); err != nil {
			return err
		}
	}
	return nil
}

// lines reads JSONL. A first line that is no JSON by itself begins one object
// over several lines.
func (im *importer) lines(in *bufio.Reader) error {
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read line %d: %w", n, err)
		}
		last := err != nil
		if doc := bytes.TrimSpace(line); len(doc) > 0 {
			if n == 1 && !last && !json.Valid(doc) {
				return im.object(io.MultiReader(bytes.NewReader(line), in))
			}
			if err := im.add(bytes.Clone(doc), fmt.Sprintf("line %d", n)); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

func (im *importer) object(in io.Reader) error {
	dec := json.NewDecoder(in)
	for n := 1; ; n++ {
		var doc json.RawMessage
		switch err := dec.Decode(&doc); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%w: the file is no JSON from order %d on: %w", ErrInvalid, n, err)
		}
		if err := im.add(doc, fmt.Sprintf("order %d", n)); err != nil {
			return err
		}
	}
}

// add keeps a good order for the next batch and notes a broken one.
func (im *importer) add(doc json.RawMessage, place string) error {
	if _, err := parseOrder(doc); err != nil {
		im.failed++
		if im.failed <= maxBroken {
			im.errs = append(im.errs, fmt.Errorf("%s: %w", place, err))
		}
		return nil
	}
	im.batch = append(im.batch, doc)
	if len(im.batch) < importBatch {
		return nil
	}
	return im.flush()
}

func (im *importer) flush() error {
	n, err := im.book.Put(im.ctx, im.batch)
	im.written += n
	im.batch = im.batch[:0]
	if im.progress != nil && n > 0 {
		im.progress(im.written)
	}
	return err
}

// broken is the list of what did not go in.
func (im *importer) broken() error {
	if im.failed == 0 {
		return nil
	}
	if more := im.failed - len(im.errs); more > 0 {
		im.errs = append(im.errs, fmt.Errorf("and %d more", more))
	}
	return fmt.Errorf("%w: %d orders did not go in:\n%w", ErrInvalid, im.failed, errors.Join(im.errs...))
}
