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

// Putter takes orders in; a Book is one.
type Putter interface {
	Put(ctx context.Context, docs []json.RawMessage) (int, error)
}

// Import reads a JSON array, one JSON object, or JSONL with an order on each line,
// and puts the orders in batches. An order that is wrong is named by its line
// (JSONL) or its place from 1, and the others go in; then the error lists them.
// progress is told the number of orders written so far; it may be nil.
func Import(ctx context.Context, to Putter, r io.Reader, progress func(n int)) (int, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	first, line, err := firstByte(in)
	if errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("%w: the file is empty", ErrInvalid)
	}
	if err != nil {
		return 0, fmt.Errorf("read orders: %w", err)
	}
	im := &importer{book: to, ctx: ctx, progress: progress}
	if first == '[' {
		err = im.array(in)
	} else {
		err = im.lines(in, line)
	}
	err = errors.Join(err, im.flush(), im.broken())
	return im.written, err
}

// firstByte is the first byte that is no white space, left unread, and its line.
// A byte order mark is dropped.
func firstByte(in *bufio.Reader) (first byte, line int, err error) {
	if mark, err := in.Peek(3); err == nil && bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		if _, err := in.Discard(3); err != nil {
			return 0, 0, err
		}
	}
	for line = 1; ; {
		c, err := in.ReadByte()
		switch {
		case err != nil:
			return 0, 0, err
		case c == '\n':
			line++
		case c != ' ' && c != '\r' && c != '\t':
			return c, line, in.UnreadByte()
		}
	}
}

type importer struct {
	book     Putter
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
		return fmt.Errorf("%w: %w", ErrInvalid, unreadable(err))
	}
	n := 1
	for ; dec.More(); n++ {
		if err := im.next(dec, n); err != nil {
			return err
		}
	}
	switch _, err := dec.Token(); {
	case errors.Is(err, io.EOF), isJSON(err):
		return fmt.Errorf("%w: the file ends before the array does, after order %d", ErrInvalid, n-1)
	case err != nil:
		return fmt.Errorf("read the end of the array: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: something follows the array, after order %d", ErrInvalid, n-1)
	}
	return nil
}

// next reads one order of an array or a row of objects. io.EOF says that there is
// none.
func (im *importer) next(dec *json.Decoder, n int) error {
	var doc json.RawMessage
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return err
	case isJSON(err):
		return fmt.Errorf("%w: the file is no JSON from order %d on", ErrInvalid, n)
	case err != nil:
		return fmt.Errorf("read order %d: %w", n, err)
	}
	return im.add(doc, fmt.Sprintf("order %d", n))
}

// isJSON tells a broken text from a broken file.
func isJSON(err error) bool {
	var syntax *json.SyntaxError
	return errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF)
}

// lines reads JSONL, whose first order is in line n. A first line that is the
// beginning of an object and no more begins objects over several lines.
func (im *importer) lines(in *bufio.Reader, n int) error {
	line, rest, err := nextLine(in, n)
	if err != nil {
		return err
	}
	if rest && unfinished(line) {
		second, _, err := nextLine(in, n+1)
		if err != nil {
			return err
		}
		whole := io.MultiReader(bytes.NewReader(line), bytes.NewReader(second), in)
		if !json.Valid(second) || bytes.TrimSpace(second)[0] != '{' {
			return im.objects(whole)
		}
		// An order follows in a line of its own: the first one was cut.
		in = bufio.NewReader(io.MultiReader(bytes.NewReader(second), in))
	}
	for ; ; n++ {
		if doc := bytes.TrimSpace(line); len(doc) > 0 {
			if err := im.add(doc, fmt.Sprintf("line %d", n)); err != nil {
				return err
			}
		}
		if !rest {
			return nil
		}
		if line, rest, err = nextLine(in, n+1); err != nil {
			return err
		}
	}
}

// nextLine is the line with number n, and whether it ended with a line break, so
// that another may follow.
func nextLine(in *bufio.Reader, n int) (line []byte, rest bool, err error) {
	line, err = in.ReadBytes('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, false, fmt.Errorf("read line %d: %w", n, err)
	}
	return line, err == nil, nil
}

// unfinished tells a line that is JSON as far as it goes.
func unfinished(line []byte) bool {
	var doc json.RawMessage
	return errors.Is(json.NewDecoder(bytes.NewReader(line)).Decode(&doc), io.ErrUnexpectedEOF)
}

// objects reads objects that go over several lines.
func (im *importer) objects(in io.Reader) error {
	dec := json.NewDecoder(in)
	for n := 1; ; n++ {
		if err := im.next(dec, n); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
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
	orders := "orders"
	if im.failed == 1 {
		orders = "order"
	}
	return fmt.Errorf("%w: %d %s did not go in:\n%w", ErrInvalid, im.failed, orders, errors.Join(im.errs...))
}
