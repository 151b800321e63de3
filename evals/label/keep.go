package label

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/recado/recado/gateway"
)

// Word is what somebody says of a case. One without a verdict takes the word back.
type Word struct {
	Verdict gateway.Verdict
	Note    string
}

// Keeper keeps the words of one person.
type Keeper interface {
	// Words are those that there are of these cases, by their ids.
	Words(ctx context.Context, cases []Case) (map[string]Word, error)
	// Say keeps a word, in the place of the one before.
	Say(ctx context.Context, c Case, w Word, at time.Time) error
}

// InStore keeps words as labels in a gateway's store.
type InStore struct {
	Store Store
	// By is who says so.
	By string
}

func (k InStore) label(c Case) gateway.Label {
	return gateway.Label{
		Kind: gateway.LabelAnswer, TurnID: c.ID, ConversationID: c.record.ConversationID, By: k.By,
		Source: gateway.LabelFromPage, Chance: c.Chance,
	}
}

// Words implements Keeper.
func (k InStore) Words(ctx context.Context, cases []Case) (map[string]Word, error) {
	wanted, words := map[string]bool{}, map[string]Word{}
	for _, c := range cases {
		wanted[c.ID] = true
	}
	err := each(func(p gateway.Page) ([]gateway.LabelView, string, error) {
		return k.Store.Labels(ctx, gateway.LabelFilter{}, p)
	}, func(l gateway.LabelView) error {
		if l.Kind == gateway.LabelAnswer && l.By == k.By && wanted[l.TurnID] {
			words[l.TurnID] = Word{l.Verdict, l.Note}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list labels: %w", err)
	}
	return words, nil
}

// Say implements Keeper.
func (k InStore) Say(ctx context.Context, c Case, w Word, at time.Time) error {
	l := k.label(c)
	if w.Verdict == "" {
		if err := k.Store.DropLabel(ctx, l.Key()); err != nil && !errors.Is(err, gateway.ErrNotFound) {
			return fmt.Errorf("take a word back: %w", err)
		}
		return nil
	}
	l.Verdict, l.Note, l.At = w.Verdict, w.Note, at
	if err := k.Store.PutLabels(ctx, []gateway.Label{l}); err != nil {
		return fmt.Errorf("keep a word: %w", err)
	}
	return nil
}

// InFile keeps words in a file of lines, as Export writes them, for cases that are in no
// store. The file is written anew with each word, so that it is whole at every moment. It is
// for one page at a time.
type InFile struct {
	Path string
	// By is who says so.
	By string
}

// spoken is a line of the file: a label, and the verdict, which may be unsure.
type spoken struct {
	Line
	Verdict gateway.Verdict `json:"verdict"`
}

func (k InFile) read() ([]spoken, error) {
	file, err := os.Open(k.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the words: %w", err)
	}
	defer file.Close()
	var list []spoken
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 4<<20)
	for n := 1; lines.Scan(); n++ {
		var s spoken
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil || s.ID == "" || s.Verdict == "" {
			return nil, fmt.Errorf("line %d is none that the labelling page wrote: name another file", n)
		}
		list = append(list, s)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the words: %w", err)
	}
	return list, nil
}

func (k InFile) mine(s spoken) bool { return s.By == hashed("person", k.By) }

// Words implements Keeper.
func (k InFile) Words(context.Context, []Case) (map[string]Word, error) {
	list, err := k.read()
	words := map[string]Word{}
	for _, s := range list {
		if k.mine(s) {
			words[s.ID] = Word{s.Verdict, s.Note}
		}
	}
	return words, err
}

// Say implements Keeper.
func (k InFile) Say(_ context.Context, c Case, w Word, at time.Time) error {
	list, err := k.read()
	if err != nil {
		return err
	}
	list = slices.DeleteFunc(list, func(s spoken) bool { return s.ID == c.ID && k.mine(s) })
	if w.Verdict != "" {
		l := recordLine(c.record)
		l.ID, l.Locale, l.Right, l.Source = c.ID, c.Language, w.Verdict == gateway.VerdictRight, string(gateway.LabelFromPage)
		l.By, l.People, l.At, l.Note = hashed("person", k.By), 1, at, w.Note
		list = append(list, spoken{l, w.Verdict})
	}
	file, err := os.CreateTemp(filepath.Dir(k.Path), ".labels-*")
	if err != nil {
		return fmt.Errorf("write the words: %w", err)
	}
	defer os.Remove(file.Name()) // it is renamed when all went well
	encoder := json.NewEncoder(file)
	for _, s := range list {
		err = errors.Join(err, encoder.Encode(s))
	}
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), k.Path)
	}
	if err != nil {
		return fmt.Errorf("write the words: %w", err)
	}
	return nil
}
