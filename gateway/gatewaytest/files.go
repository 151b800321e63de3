package gatewaytest

import (
	"errors"
	"strings"
	"time"

	"github.com/recado/recado/gateway"
)

func fileTests() []test {
	return []test{
		{"FilesAreMadeWhenFiled", testFileMade},
		{"FilesAreLeased", testFileLease},
		{"FilesAreTriedAgain", testFileRetry},
		{"FilesAreStored", testFileStored},
		{"FilesFail", testFileFailed},
		{"FilesSettleOnce", testFileOnce},
		{"FilesKeepTheOrder", testFileOrder},
		{"TurnWaitsForItsFiles", testFileWait},
		{"TurnWaitsForAllFiles", testFileWaitAll},
		{"TurnGoesOnWithoutFiles", testFileLate},
		{"FilesOfAnEcho", testFileEcho},
		{"FilesOfWithdrawnMessages", testFileRevoked},
	}
}

// media makes a message with a file.
func (b *bundle) media(from gateway.Identity, kind, caption string) gateway.Event {
	e := b.message(from, caption)
	e.Message.Type = kind
	e.Message.Media = &gateway.Media{
		ProviderID: "media." + e.Key, MIME: kind + "/x", SHA256: strings.Repeat("ab", 32), Filename: e.Key + ".x", Voice: kind == "audio",
	}
	return e
}

// file takes the next file that is to be fetched.
func (b *bundle) file() *gateway.File {
	b.Helper()
	f, err := b.store.NextFile(b.Context(), b.now, lease)
	b.ok("next file", err)
	return f
}

// noFile checks that no file is to be fetched now.
func (b *bundle) noFile() {
	b.Helper()
	if f, err := b.store.NextFile(b.Context(), b.now, lease); !errors.Is(err, gateway.ErrNoWork) {
		b.Errorf("next file: got %v, %v; want ErrNoWork", f, err)
	}
}

func (b *bundle) settleFile(f *gateway.File, r gateway.FileResult) {
	b.Helper()
	b.ok("settle file", b.store.SettleFile(b.Context(), f, r))
}

// fetched is a file that was kept, with what a model made of it.
func fetched(words string) gateway.FileResult {
	return gateway.FileResult{State: gateway.FileStored, Type: "audio/ogg", Size: 1234, SHA256: strings.Repeat("ab", 32), Words: words}
}

func (b *bundle) readFile(id string) gateway.File {
	b.Helper()
	f, err := b.store.File(b.Context(), id)
	b.ok("file", err)
	return f
}

func testFileMade(b *bundle) {
	c := b.say(ana(), "Where is my order?")
	t := b.turn(c)
	t.Conversation.Language = "en"
	b.commit(c, t)
	e := b.media(ana(), "image", "look at this")
	b.accept(e)
	b.noFile()
	b.idle()
	b.crash()
	got := b.file()
	if got.ID == "" || got.Lease == "" {
		b.Errorf("a file without an id or a lease: %+v", got)
	}
	want := gateway.File{
		ID: got.ID, ConversationID: c.Conversation.ID, Channel: channel, Message: "image", Caption: "look at this", Language: "en",
		At: e.At, Media: *e.Message.Media, Attempt: 1, Lease: got.Lease,
	}
	want.Media.FileID, want.Media.State = got.ID, gateway.FileWaiting
	b.same("file", *got, want)
	b.same("file of the message", b.in(c.Conversation.ID, e).Message.Media, &want.Media)
	read := b.readFile(got.ID)
	read.Attempt, read.Lease = want.Attempt, want.Lease
	b.same("file by its id", read, want)
	for _, id := range []string{"", "x", gateway.NewID(), "'"} {
		_, err := b.store.File(b.Context(), id)
		b.fails("unknown file", err, gateway.ErrNotFound)
	}
	// The same webhook again is no second file, and words alone are none.
	thanks := b.message(ana(), "thanks")
	b.same("fresh", b.accept(e, thanks), []string{thanks.Key})
	b.idle()
	b.noFile()
}

func testFileLease(b *bundle) {
	b.accept(b.media(ana(), "audio", ""))
	b.idle()
	first := b.file()
	b.advance(lease - time.Millisecond)
	b.noFile()
	b.advance(time.Millisecond)
	b.crash()
	second := b.file()
	b.same("file", second.ID, first.ID)
	b.same("attempt", second.Attempt, 2)
	if first.Lease == second.Lease {
		b.Error("two leases with one token")
	}
	b.fails("settle with a lost lease", b.store.SettleFile(b.Context(), first, fetched("no")), gateway.ErrLeaseLost)
	b.same("state", b.readFile(first.ID).Media.State, gateway.FileWaiting)
	b.noFile()
	// An expired lease that nobody else took is still good.
	b.advance(2 * lease)
	b.settleFile(second, fetched("sí"))
	b.same("words", b.readFile(first.ID).Media.Words, "sí")
	b.advance(time.Hour)
	b.noFile()
}

func testFileRetry(b *bundle) {
	b.accept(b.media(ana(), "audio", ""))
	b.idle()
	for attempt := 1; attempt <= 3; attempt++ {
		f := b.file()
		b.same("attempt", f.Attempt, attempt)
		b.settleFile(f, gateway.FileResult{State: gateway.FileWaiting, RetryAt: b.now.Add(4 * time.Second), Error: sendError()})
		b.same("state", b.readFile(f.ID).Media.State, gateway.FileWaiting)
		b.idle()
		b.advance(4*time.Second - time.Millisecond)
		b.noFile()
		b.crash()
		b.advance(time.Millisecond)
	}
	f := b.file()
	b.settleFile(f, fetched("al fin"))
	b.same("error", b.readFile(f.ID).Media.Error, (*gateway.SendError)(nil))
	b.same("texts", burst(b.claim()), []string{"al fin"})
}

// testFileStored has a voice note heard: its words reach the turn, the conversation
// and the next turn's history.
func testFileStored(b *bundle) {
	e := b.media(ana(), "audio", "")
	b.accept(e)
	b.idle()
	f := b.file()
	before := b.revision()
	b.settleFile(f, fetched("¿Tenéis\x00 velas?"))
	if b.revision() <= before {
		b.Error("the revision doesn't grow with a file that is there")
	}
	b.crash()
	want := *e.Message.Media
	want.FileID, want.State, want.Type, want.Size, want.Words = f.ID, gateway.FileStored, "audio/ogg", 1234, "¿Tenéis\x00 velas?"
	b.same("file", b.readFile(f.ID).Media, want)
	b.advance(quiet)
	c := b.claim()
	b.same("media of the turn", c.Events[0].Message.Media, &want)
	b.same("texts", burst(c), []string{"¿Tenéis\x00 velas?"})
	b.commit(c, b.turn(c))
	m := b.in(c.Conversation.ID, e)
	b.same("media of the conversation", m.Message.Media, &want)
	b.same("text", m.Text, "")
	next := b.quoting(ana(), "eso", e.Message.ProviderID, e.Key)
	b.accept(next)
	b.advance(quiet)
	c = b.claim()
	b.same("media of the history", c.History[0].Message.Media, &want)
	b.same("quoted", c.Events[0].Message.Quoted, &gateway.Quote{
		Author: gateway.AuthorCustomer, Type: "audio", Text: "¿Tenéis\x00 velas?",
	})
}

func testFileFailed(b *bundle) {
	e := b.media(ana(), "image", "está rota")
	b.accept(e)
	b.idle()
	f := b.file()
	b.settleFile(f, gateway.FileResult{State: gateway.FileFailed, Error: fullError()})
	b.crash()
	b.advance(quiet)
	c := b.claim()
	want := *e.Message.Media
	want.FileID, want.State, want.Error = f.ID, gateway.FileFailed, fullError()
	b.same("media of the turn", c.Events[0].Message.Media, &want)
	b.same("unseen", c.Events[0].Message.Unseen(), true)
	b.commit(c, b.turn(c))
	b.same("media of the conversation", b.in(c.Conversation.ID, e).Message.Media, &want)
	b.advance(time.Hour)
	b.noFile()
}

// testFileOnce settles what is settled: the first word stays.
func testFileOnce(b *bundle) {
	b.accept(b.media(ana(), "audio", ""))
	b.idle()
	f := b.file()
	b.settleFile(f, fetched("uno"))
	before := b.readFile(f.ID)
	for _, r := range []gateway.FileResult{
		fetched("dos"), {State: gateway.FileFailed, Error: sendError()}, {State: gateway.FileWaiting, RetryAt: b.now},
	} {
		b.fails("settle again", b.store.SettleFile(b.Context(), f, r), gateway.ErrLeaseLost)
	}
	b.same("file", b.readFile(f.ID), before)
	b.advance(time.Hour)
	b.noFile()
}

// testFileOrder has files of two conversations: each is had, the one that has been due
// longest first.
func testFileOrder(b *bundle) {
	first, second, third := b.media(ana(), "image", "uno"), b.media(ben(), "image", "two"), b.media(ana(), "image", "tres")
	for _, e := range []gateway.Event{first, second, third} {
		b.accept(e)
		b.idle()
		b.advance(time.Second)
	}
	one := b.file()
	b.same("first", one.Caption, "uno")
	b.settleFile(one, gateway.FileResult{State: gateway.FileWaiting, RetryAt: b.now.Add(time.Millisecond), Error: sendError()})
	b.advance(time.Second)
	captions := map[string]string{}
	for _, want := range []string{"two", "tres", "uno"} {
		f := b.file()
		b.same("next", f.Caption, want)
		b.settleFile(f, fetched("de "+want))
		captions[f.Caption] = f.ConversationID
	}
	b.noFile()
	b.same("conversation", captions["uno"], captions["tres"])
	if captions["uno"] == captions["two"] {
		b.Error("two customers' files are of one conversation")
	}
	b.advance(quiet)
	for range 2 {
		c := b.claim()
		want := map[string][]string{ana().Phone: {"uno\nde uno", "tres\nde tres"}, "": {"two\nde two"}}[c.Conversation.Contact.Phone]
		b.same("texts", burst(c), want)
	}
}

// testFileWait has a turn wait for a file, as long as it may, and be due when that
// is settled either way, but not before the customer has finished.
func testFileWait(b *bundle) {
	for i, r := range []gateway.FileResult{fetched("visto"), {State: gateway.FileFailed, Error: sendError()}} {
		b.accept(b.media(ana(), "image", "mira"))
		b.advance(quiet)
		b.idle()
		f := b.file()
		b.advance(20 * time.Second)
		b.idle()
		b.settleFile(f, r)
		c := b.claim()
		b.same("words", c.Events[0].Message.Media.Words, r.Words)
		b.same("attempt", c.Attempt, 1)
		b.commit(c, b.turn(c))
		// A file that is there at once hastens nothing.
		b.accept(b.media(ana(), "image", "mira"))
		b.idle()
		b.settleFile(b.file(), r)
		b.advance(quiet - time.Millisecond)
		b.idle()
		b.advance(time.Millisecond)
		c = b.claim()
		b.same("events", len(c.Events), 1)
		b.commit(c, b.turn(c))
		b.same("conversations", len(b.conversations("")), 1)
		b.same("messages", len(b.messages(c.Conversation.ID)), 2*(i+1))
	}
}

// testFileWaitAll has a burst of two files and a text: all of it is one turn, when
// each file is settled or has been waited for.
func testFileWaitAll(b *bundle) {
	b.accept(b.media(ana(), "image", "uno"))
	b.idle()
	b.advance(10 * time.Second)
	b.accept(b.media(ana(), "image", "dos"), b.message(ana(), "tres"))
	b.idle()
	first := b.file()
	b.file()
	b.settleFile(first, fetched("visto"))
	b.advance(gateway.FileWait - time.Millisecond)
	b.idle()
	b.crash()
	b.advance(time.Millisecond)
	c := b.claim()
	b.same("texts", burst(c), []string{"uno\nvisto", "dos", "tres"})
	b.commit(c, b.turn(c))
	// Both missing: the later one is waited for as long.
	b.accept(b.media(ana(), "image", "cuatro"))
	b.idle()
	b.advance(10 * time.Second)
	b.accept(b.media(ana(), "image", "cinco"))
	b.idle()
	b.advance(gateway.FileWait - 10*time.Second)
	b.idle()
	b.advance(10*time.Second - time.Millisecond)
	b.idle()
	b.advance(time.Millisecond)
	b.same("texts", burst(b.claim()), []string{"cuatro", "cinco"})
}

// testFileLate takes a turn without its file, which comes while the answer is made:
// the turn is not superseded by it, and the next one knows it.
func testFileLate(b *bundle) {
	e := b.media(ana(), "image", "mira")
	b.accept(e)
	b.idle()
	b.advance(gateway.FileWait - time.Millisecond)
	f := b.file()
	b.idle()
	b.advance(time.Millisecond)
	c := b.claim()
	b.same("state", c.Events[0].Message.Media.State, gateway.FileWaiting)
	b.settleFile(f, fetched("una vela rota"))
	b.commit(c, b.turn(c, "sí"))
	b.advance(time.Hour)
	b.idle()
	c = b.say(ana(), "¿y?")
	b.same("words of the history", c.History[0].Message.Words(), "mira\nuna vela rota")
	b.same("text of the history", c.History[0].Text, "mira")
}

func testFileEcho(b *bundle) {
	e := b.media(ana(), "image", "así queda")
	e.Kind = gateway.EventEcho
	b.accept(e)
	c := b.claim()
	b.same("kind", c.Events[0].Kind, gateway.EventEcho)
	b.commit(c, b.turn(c))
	f := b.file()
	b.same("file", f.Caption, "así queda")
	b.settleFile(f, fetched("una vela"))
	m := b.messages(c.Conversation.ID)[0]
	b.same("author", m.Author, gateway.AuthorAgent)
	if m.Message == nil || m.Message.Media == nil {
		b.Fatalf("an echo is shown without its file: %+v", m)
	}
	b.same("state", m.Message.Media.State, gateway.FileStored)
	b.same("file's id", m.Message.Media.FileID, f.ID)
	b.idle()
	// A person who writes while a file is waited for has taken over at once.
	b.accept(b.media(ana(), "image", "mira"))
	b.idle()
	b.accept(b.echo(ana(), "Soy Marta"))
	b.same("events", len(b.claim().Events), 2)
}

// withdrawnFile takes a file whose content is to be removed, and settles how that ended.
func (b *bundle) withdrawnFile(id string, r gateway.FileResult) {
	b.Helper()
	f := b.file()
	b.same("state", f.Media.State, gateway.FileFailed)
	if id != "" {
		b.same("file", f.ID, id)
	}
	b.settleFile(f, r)
}

// testFileRevoked withdraws messages whose files wait, are being fetched and are
// there: none is kept, and no turn waits for them.
func testFileRevoked(b *bundle) {
	waiting, leased, there := b.media(ana(), "image", "uno"), b.media(ana(), "image", "dos"), b.media(ana(), "image", "tres")
	b.accept(leased)
	b.idle()
	f := b.file()
	b.accept(there)
	b.idle()
	kept := b.file()
	b.settleFile(kept, fetched("visto"))
	b.accept(waiting, b.message(ana(), "olvídalo"))
	b.idle()
	b.accept(b.revoke(waiting), b.revoke(leased), b.revoke(there))
	b.idle()
	for range 2 { // whoever kept their content removes it
		b.withdrawnFile("", gateway.FileResult{State: gateway.FileFailed})
	}
	b.noFile()
	b.advance(quiet)
	c := b.claim()
	b.same("texts", burst(c), []string{"olvídalo"})
	b.commit(c, b.turn(c))
	b.settleFile(f, fetched("secreto"))
	b.crash()
	b.withdrawnFile(f.ID, gateway.FileResult{State: gateway.FileWaiting, RetryAt: b.now.Add(time.Minute)})
	b.noFile()
	b.advance(time.Minute)
	b.withdrawnFile(f.ID, gateway.FileResult{State: gateway.FileFailed})
	b.noFile()
	got := b.readFile(f.ID).Media
	b.same("state", got.State, gateway.FileFailed)
	b.same("words", got.Words, "")
	for _, e := range []gateway.Event{waiting, leased, there} {
		b.same("message", b.in(c.Conversation.ID, e).Message, &gateway.Message{
			ProviderID: e.Message.ProviderID, Type: "image", Deleted: true,
		})
	}
	if f, err := b.store.File(b.Context(), kept.ID); err == nil && (f.Media.State == gateway.FileStored || f.Media.Words != "") {
		b.Errorf("the file of a message that was withdrawn is kept: %+v", f)
	}
	b.advance(time.Hour)
	b.noFile()
	b.idle()
}
