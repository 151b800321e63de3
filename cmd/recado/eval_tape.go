package main

import (
	"errors"
	"flag"
	"os"

	"github.com/recado/recado/evals/cassette"
)

// tapeFlags say where what providers answer is recorded in, or taken from.
type tapeFlags struct{ record, replay, refresh string }

func (f *tapeFlags) register(set *flag.FlagSet) {
	set.StringVar(&f.record, "record", "", "`FILE` to record in what models, embedders and rerankers answer")
	set.StringVar(&f.replay, "replay", "", "recorded `FILE` to answer from, without asking anybody")
	set.StringVar(&f.refresh, "refresh", "", "recorded `FILE` to ask anew, and say what the providers have changed")
}

// check refuses more than one of them.
func (f tapeFlags) check(command string) error {
	given := 0
	for _, name := range []string{f.record, f.replay, f.refresh} {
		if name != "" {
			given++
		}
	}
	if given > 1 {
		return usagef("%s: of --record, --replay and --refresh only one", command)
	}
	return nil
}

// taping tells whether a run writes a recording, which has all calls of the run or is of no use.
func (f tapeFlags) taping() bool { return f.record != "" || f.refresh != "" }

// openTape opens the cassette that is wanted, or gives nil.
func (f tapeFlags) openTape() (*cassette.Cassette, error) {
	if f.record != "" {
		return cassette.New(cassette.Record, nil), nil
	}
	name, mode := f.replay, cassette.Replay
	if f.refresh != "" {
		name, mode = f.refresh, cassette.Refresh
	}
	if name == "" {
		return nil, nil //nolint:nilnil // nil is the word for asking the providers
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, usagef("the recording %s can't be opened", name)
	}
	defer file.Close()
	entries, err := cassette.Read(file)
	if err != nil {
		return nil, err
	}
	return cassette.New(mode, entries), nil
}

// closeTape writes what was recorded, and says what the providers have changed.
func (f tapeFlags) closeTape(c console, tape *cassette.Cassette) error {
	name := f.record
	if f.refresh != "" {
		name = f.refresh
		if err := tape.WriteDrift(c.out); err != nil {
			return err
		}
	}
	if name == "" {
		return nil
	}
	file, err := os.Create(name)
	if err != nil {
		return usagef("the recording %s can't be written", name)
	}
	return errors.Join(cassette.Write(file, tape.Entries()), file.Close())
}
