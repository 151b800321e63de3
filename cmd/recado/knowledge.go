package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/knowledge"
	"github.com/recado/recado/rag/offline"
)

// knowledgeFlags are those of `recado knowledge`.
type knowledgeFlags struct {
	asJSON, revoked            bool
	collection, reason, by, as string
	since                      time.Duration
}

const knowledgeUsage = "knowledge: write `recado knowledge list`, `show DOCUMENT`, `diff PATH…`, `remove DOCUMENT…`, " +
	"`revoke DOCUMENT|PASSAGE…`, `restore DOCUMENT|PASSAGE…`, `unanswered` or `rebuild`"

func runKnowledge(ctx context.Context, c console, args []string) error {
	var f knowledgeFlags
	s, words, err := loadSettings(c, "knowledge", args, func(set *flag.FlagSet) {
		set.BoolVar(&f.asJSON, "json", false, "print JSON")
		set.StringVar(&f.as, "as", "", "diff: the name that the files were ingested by")
		set.StringVar(&f.collection, "collection", "", "list: only the documents of one ingested root")
		set.BoolVar(&f.revoked, "revoked", false, "list: the passages that are revoked")
		set.StringVar(&f.reason, "reason", "", "revoke: why, for whoever reads the list")
		set.StringVar(&f.by, "by", "", "revoke: who says so; by default the user of the machine")
		set.DurationVar(&f.since, "since", 7*24*time.Hour, "unanswered: how far back")
	})
	if err != nil {
		return err
	}
	if len(words) == 0 {
		return usagef(knowledgeUsage)
	}
	run, known := map[string]func(context.Context, console, settings, []string) error{
		"list": f.list, "show": f.show, "diff": f.diff, "remove": f.remove, "revoke": f.revoke, "restore": f.restore,
		"unanswered": f.unanswered, "rebuild": f.rebuild,
	}[words[0]]
	needs := map[string]bool{"show": true, "diff": true, "remove": true, "revoke": true, "restore": true}
	if !known || needs[words[0]] != (len(words) > 1) {
		return usagef(knowledgeUsage)
	}
	return run(ctx, c, s, words[1:])
}

// openAny opens the index in use, whatever it was built with: nobody searches it here.
func openAny(ctx context.Context, c console, s settings) (knowledge.Space, error) {
	e, err := openEmbedder(s, quietLog(c))
	if err != nil {
		return nil, err
	}
	return openSpace(ctx, s, knowledge.IdentityOf(e), knowledge.OpenAny, quietLog(c))
}

// lookInto opens the index in use for what only tells of it.
func lookInto(ctx context.Context, c console, s settings) (knowledge.Space, error) {
	e, err := openEmbedder(s, quietLog(c))
	if err != nil {
		return nil, err
	}
	return openToLook(ctx, s, knowledge.IdentityOf(e), quietLog(c))
}

func (f knowledgeFlags) list(ctx context.Context, c console, s settings, _ []string) (err error) {
	x, err := lookInto(ctx, c, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	if f.revoked {
		return f.listRevoked(ctx, c, x)
	}
	documents, err := x.Documents(ctx, "")
	if err != nil {
		return fmt.Errorf("the knowledge index can't be read: %w", err)
	}
	if documents, err = of(documents, f.collection); err != nil {
		return err
	}
	if f.asJSON {
		return printJSON(c.out, documents)
	}
	table := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DOCUMENT\tTITLE\tLOCALE\tFOR\tVALID\tPASSAGES\tINDEXED\tSOURCE")
	for _, d := range documents {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", harmless(d.ID), harmless(shortened(d.Title, 40)), d.Locale, readBy(d), validity(d),
			d.Passages, d.IndexedAt.Local().Format("2006-01-02 15:04"), harmless(shortened(d.Source, 50)))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "\n%s; embedding model %s\n", counted(len(documents), "document", "documents"), x.Identity().Embedder)
	return nil
}

// of are the documents of an ingested root, which may be written as it was to the ingest.
func of(documents []knowledge.Document, root string) ([]knowledge.Document, error) {
	if root == "" {
		return documents, nil
	}
	absolute, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("--collection: %w", err)
	}
	documents = slices.DeleteFunc(documents, func(d knowledge.Document) bool { return d.Collection != root && d.Collection != absolute })
	if len(documents) == 0 {
		return nil, fmt.Errorf("no document of %s is in the index; `recado knowledge list --json` names the collections", harmless(root))
	}
	return documents, nil
}

func (f knowledgeFlags) listRevoked(ctx context.Context, c console, x knowledge.Space) error {
	list, err := x.Revocations(ctx)
	if err != nil {
		return fmt.Errorf("the revocations can't be read: %w", err)
	}
	if f.asJSON {
		return printJSON(c.out, list)
	}
	for _, r := range list {
		fmt.Fprintf(c.out, "%s  %s  by %s: %s\n", r.At.Local().Format("2006-01-02 15:04"), oneLine(r.ChunkID), oneLine(r.By), oneLine(cmp.Or(r.Reason, "no reason given")))
	}
	there, err := inIndex(ctx, x, list)
	if err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s revoked\n", counted(there, "passage is", "passages are"))
	if rest := len(list) - there; rest > 0 {
		fmt.Fprintf(c.out, "%s kept for what is not in the index now, should it come back\n", counted(rest, "revocation is", "revocations are"))
	}
	return nil
}

// inIndex counts the revocations of passages that the index has.
func inIndex(ctx context.Context, x knowledge.Index, list []knowledge.Revocation) (n int, err error) {
	hashes := map[string]map[string]bool{}
	for _, r := range list {
		if hashes[r.DocumentID] == nil {
			hashes[r.DocumentID] = map[string]bool{}
			_, chunks, err := x.Document(ctx, r.DocumentID)
			if err != nil && !errors.Is(err, knowledge.ErrNotFound) {
				return 0, fmt.Errorf("the knowledge index can't be read: %w", err)
			}
			for _, p := range chunks {
				hashes[r.DocumentID][p.Hash] = true
			}
		}
		if hashes[r.DocumentID][r.Hash] {
			n++
		}
	}
	return n, nil
}

// readBy says for whom a document is.
func readBy(d knowledge.Document) string {
	who := string(d.Audience)
	if len(d.Markets) > 0 {
		who += " " + strings.Join(d.Markets, "+")
	}
	return who
}

// validity says when a document holds.
func validity(d knowledge.Document) string {
	if d.ValidFrom == "" && d.ValidTo == "" {
		return "always"
	}
	return cmp.Or(d.ValidFrom, "…") + "–" + cmp.Or(d.ValidTo, "…")
}

func shortened(text string, limit int) string {
	if r := []rune(text); len(r) > limit {
		return string(r[:limit-1]) + "…"
	}
	return text
}

func (f knowledgeFlags) show(ctx context.Context, c console, s settings, ids []string) (err error) {
	x, err := lookInto(ctx, c, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	for _, id := range ids {
		d, chunks, err := x.Document(ctx, id)
		if err != nil {
			return unknown(id, err)
		}
		if f.asJSON {
			if err := printJSON(c.out, struct {
				Document knowledge.Document
				Passages []knowledge.Chunk
			}{d, chunks}); err != nil {
				return err
			}
			continue
		}
		showDocument(c.out, d, chunks)
	}
	return nil
}

func showDocument(w io.Writer, d knowledge.Document, chunks []knowledge.Chunk) {
	fmt.Fprintf(w, "%s\n  title     %s\n  source    %s\n  locale    %s\n  for       %s\n  valid     %s\n", harmless(d.ID), harmless(d.Title), harmless(d.Source), d.Locale, readBy(d), validity(d))
	fmt.Fprintf(w, "  approver  %s\n  tags      %s\n  version   %s\n", cmp.Or(d.Approver, "nobody"), cmp.Or(strings.Join(d.Tags, ", "), "none"), d.Version)
	for _, passage := range chunks {
		mark := ""
		if passage.Revoked {
			mark = "  REVOKED"
		}
		fmt.Fprintf(w, "\n%s  %s%s\n", harmless(passage.ID), counted(passage.Tokens, "token", "tokens"), mark)
		for line := range strings.Lines(knowledge.PromptText(passage)) {
			fmt.Fprintf(w, "  %s\n", harmless(strings.ReplaceAll(line, "\t", "    ")))
		}
	}
	fmt.Fprintln(w)
}

// unknown says that the index does not have it.
func unknown(id string, err error) error {
	if errors.Is(err, knowledge.ErrNotFound) {
		return fmt.Errorf("the index has no document or passage %s; `recado knowledge list` names the documents", harmless(id))
	}
	return fmt.Errorf("the knowledge index can't be read: %w", err)
}

func (f knowledgeFlags) remove(ctx context.Context, c console, s settings, ids []string) (err error) {
	x, err := openAny(ctx, c, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	for _, id := range ids {
		if _, _, err := x.Document(ctx, id); err != nil {
			return unknown(id, err)
		}
		if err := x.Remove(ctx, id); err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s was removed; it comes back when its source is ingested again\n", harmless(id))
	}
	return nil
}

// passages are the passages that words name: all of a document, or the one with an id
// such as returns.md#0002.
func passages(ctx context.Context, x knowledge.Index, words []string) ([]knowledge.Chunk, error) {
	var list []knowledge.Chunk
	for _, word := range words {
		chunks, err := passagesOf(ctx, x, word)
		if err != nil {
			return nil, unknown(word, err)
		}
		list = append(list, chunks...)
	}
	return list, nil
}

// passagesOf are those that one word names. knowledge.ErrNotFound says that it names none.
func passagesOf(ctx context.Context, x knowledge.Index, word string) ([]knowledge.Chunk, error) {
	// The ID of a document may hold the sign, too: export.json#articles/1.
	document := word[:max(0, strings.LastIndexByte(word, '#'))]
	_, chunks, err := x.Document(ctx, word)
	if errors.Is(err, knowledge.ErrNotFound) && document != "" {
		_, chunks, err = x.Document(ctx, document)
		chunks = slices.DeleteFunc(chunks, func(c knowledge.Chunk) bool { return c.ID != word })
	}
	if err == nil && len(chunks) == 0 {
		err = knowledge.ErrNotFound
	}
	return chunks, err
}

func (f knowledgeFlags) revoke(ctx context.Context, c console, s settings, words []string) (err error) {
	x, err := openAny(ctx, c, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	store, err := openStore(ctx, s, quietLog(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	chunks, err := passages(ctx, x, words)
	if err != nil {
		return err
	}
	by := f.by
	if u, failed := user.Current(); by == "" && failed == nil {
		by = u.Username
	}
	var revoked []knowledge.Revocation
	var on []gateway.Basis
	for _, chunk := range chunks {
		revoked = append(revoked, knowledge.Revocation{
			DocumentID: chunk.DocumentID, ChunkID: chunk.ID, Hash: chunk.Hash, At: time.Now().UTC(), By: by, Reason: f.reason,
		})
		on = append(on, gateway.Basis{TextHash: knowledge.TextHash(chunk), DocumentID: chunk.DocumentID, Hash: chunk.Hash, ChunkID: chunk.ID})
	}
	if err := x.Revoke(ctx, revoked); err != nil {
		return fmt.Errorf("the passages can't be revoked: %w", err)
	}
	answers, err := rested(ctx, store, on)
	if err != nil {
		return err
	}
	return f.printRested(c, len(chunks), answers)
}

// rested are all answers that cite one of the passages.
func rested(ctx context.Context, store gateway.Evidence, on []gateway.Basis) (all []gateway.RestedAnswer, err error) {
	for page := (gateway.Page{Limit: 200}); ; {
		list, next, err := store.Rested(ctx, on, page)
		if err != nil {
			return nil, fmt.Errorf("the answers that rest on it can't be read: %w", err)
		}
		all = append(all, list...)
		if next == "" {
			return all, nil
		}
		page.After = next
	}
}

func (f knowledgeFlags) printRested(c console, revoked int, answers []gateway.RestedAnswer) error {
	if f.asJSON {
		return printJSON(c.out, struct {
			Revoked int
			Answers []gateway.RestedAnswer
		}{revoked, answers})
	}
	fmt.Fprintf(c.out, "%s revoked: no answer rests on %s from now on\n", counted(revoked, "passage is", "passages are"), worded(revoked, "it", "them"))
	customers := map[gateway.Identity]string{}
	for _, a := range answers {
		customers[a.Contact] = a.Name
		fmt.Fprintf(c.out, "\n%s  conversation %s  %s\n  asked  %s\n  told   %s\n  by     %s\n", a.At.Local().Format("2006-01-02 15:04"),
			a.ConversationID, customer(a.Contact, a.Name), oneLine(a.Question), oneLine(a.Reply), oneLine(strings.Join(a.Passages, ", ")))
	}
	if len(answers) == 0 {
		fmt.Fprintf(c.out, "no answer that was sent rests on %s\n", worded(revoked, "it", "them"))
		return nil
	}
	fmt.Fprintf(c.out, "\n%s on %s, to %s:\n", counted(len(answers), "answer rests", "answers rest"),
		worded(revoked, "it", "them"), counted(len(customers), "customer", "customers"))
	var names []string
	for _, id := range slices.SortedFunc(maps.Keys(customers), func(a, b gateway.Identity) int {
		return cmp.Or(cmp.Compare(a.Phone, b.Phone), cmp.Compare(a.UserID, b.UserID))
	}) {
		names = append(names, "  "+customer(id, customers[id]))
	}
	fmt.Fprintln(c.out, strings.Join(names, "\n"))
	return nil
}

func customer(id gateway.Identity, name string) string {
	where := harmless(id.UserID)
	if id.Phone != "" {
		where = "+" + harmless(id.Phone)
	}
	if name == "" {
		return where
	}
	return where + " (" + oneLine(name) + ")"
}

// oneLine is a text of a customer or of a document in one line that a terminal can be
// given.
func oneLine(text string) string { return harmless(strings.Join(strings.Fields(text), " ")) }

func (f knowledgeFlags) restore(ctx context.Context, c console, s settings, words []string) (err error) {
	x, err := openAny(ctx, c, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	chunks, err := passages(ctx, x, words)
	if err != nil {
		return err
	}
	hashes, n := map[string][]string{}, 0
	for _, chunk := range chunks {
		if chunk.Revoked {
			hashes[chunk.DocumentID] = append(hashes[chunk.DocumentID], chunk.Hash)
			n++
		}
	}
	if err := knowledge.Restore(ctx, x, hashes); err != nil {
		return err
	}
	fmt.Fprintf(c.out, "%s can be found again\n", counted(n, "passage", "passages"))
	return nil
}

func (f knowledgeFlags) unanswered(ctx context.Context, c console, s settings, _ []string) (err error) {
	store, err := openStore(ctx, s, quietLog(c))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	var all []gateway.Unanswered
	for page := (gateway.Page{Limit: 200}); ; {
		list, next, err := store.Unanswered(ctx, time.Now().Add(-f.since), page)
		if err != nil {
			return fmt.Errorf("the questions can't be read: %w", err)
		}
		all = append(all, list...)
		if page.After = next; next == "" {
			break
		}
	}
	if f.asJSON {
		return printJSON(c.out, all)
	}
	for _, q := range all {
		fmt.Fprintf(c.out, "%s  %s  %s\n  %-18s nearest: %s (cosine %.2f, words %.1f); confidence %.2f\n", q.At.Local().Format("2006-01-02 15:04"),
			q.Language, oneLine(q.Question), cmp.Or(string(q.Reason), "asked back"), oneLine(cmp.Or(q.Nearest, "nothing")), q.Dense, q.Lexical, q.Confidence)
	}
	fmt.Fprintf(c.out, "%s without an answer\n", counted(len(all), "question", "questions"))
	return nil
}

func (f knowledgeFlags) rebuild(ctx context.Context, c console, s settings, _ []string) error {
	e, err := openEmbedder(s, quietLog(c))
	if err != nil {
		return err
	}
	x, err := openSpace(ctx, s, knowledge.IdentityOf(e), knowledge.OpenInUse, quietLog(c))
	if !errors.Is(err, knowledge.ErrIdentity) {
		if err == nil {
			fmt.Fprintln(c.out, "the index is of this embedding model and this version already; there is nothing to rebuild")
			err = x.Close()
		}
		return err
	}
	x, report, err := rebuild(ctx, c, s, e, quietLog(c))
	if err != nil {
		return err
	}
	printReport(c.out, report, false)
	if n := len(report.Broken); n > 0 {
		return errors.Join(fmt.Errorf("%s did not come over, so the old index stays in use; ingest %s again with `recado ingest PATH…`",
			counted(n, "document", "documents"), worded(n, "it", "them")), x.Close())
	}
	return x.Close()
}

// diff reads the places into memory and compares them with the index, passage by
// passage.
func (f knowledgeFlags) diff(ctx context.Context, c console, s settings, places []string) (err error) {
	x, err := lookInto(ctx, c, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, x.Close()) }()
	e, err := offline.NewEmbedder(64) // nobody asks for its vectors
	if err != nil {
		return err
	}
	fresh, err := knowledge.NewMemory(knowledge.IdentityOf(e))
	if err != nil {
		return err
	}
	in := &intake{stdin: c.in, stdinName: "stdin.md", as: f.as, looks: true, log: quietLog(c)}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := in.open(s, memorySpace{fresh, x}, e); err != nil {
		return err
	}
	in.index = x // what is known decides which collections files belong to
	report, err := in.run(ctx, places, knowledge.Options{})
	if err != nil {
		return err
	}
	plan, err := f.removals(ctx, s, x, e, places)
	if err != nil {
		return err
	}
	if err := compare(ctx, c.out, x, fresh, plan); err != nil {
		return err
	}
	for _, b := range report.Broken {
		fmt.Fprintf(c.out, "can't be read: %s\n", harmless(b.Source+": "+b.Err.Error()))
	}
	if len(report.Broken) > 0 {
		return fmt.Errorf("%s can't be read, for the reasons above", counted(len(report.Broken), "source", "sources"))
	}
	return nil
}

// removals are the documents that an ingest of the places would remove.
func (f knowledgeFlags) removals(ctx context.Context, s settings, x knowledge.Space, e knowledge.Embedder, places []string) (gone []string, err error) {
	if slices.Contains(places, "-") {
		return nil, nil // standard input was read, and removes nothing
	}
	in := &intake{looks: true, log: slog.New(slog.DiscardHandler)}
	defer func() { err = errors.Join(err, in.Close()) }()
	if err := in.open(s, broughtOver{x, knowledge.IdentityOf(e)}, e); err != nil {
		return nil, err
	}
	report, err := in.run(ctx, places, knowledge.Options{DryRun: true})
	for _, change := range report.Changes {
		if change.Kind == knowledge.ChangeRemoved {
			gone = append(gone, change.DocumentID)
		}
	}
	return gone, err
}

// compare writes what differs: documents that only one side has, and of the others what
// is said about them and the passages.
func compare(ctx context.Context, w io.Writer, before, after knowledge.Index, gone []string) error {
	fresh, err := after.Documents(ctx, "")
	if err != nil {
		return err
	}
	differing := 0
	for _, d := range fresh {
		now, came, err := after.Document(ctx, d.ID)
		if err != nil {
			return err
		}
		old, was, err := before.Document(ctx, d.ID)
		if err != nil && !errors.Is(err, knowledge.ErrNotFound) {
			return fmt.Errorf("the knowledge index can't be read: %w", err)
		}
		if printDiff(w, d.ID, about(old), about(now), was, came) {
			differing++
		}
	}
	for _, id := range gone {
		old, was, err := before.Document(ctx, id)
		if err != nil {
			return fmt.Errorf("the knowledge index can't be read: %w", err)
		}
		printDiff(w, id, about(old), nil, was, nil)
	}
	fmt.Fprintf(w, "%d of %s %s", differing, counted(len(fresh), "document", "documents"), worded(differing, "differs", "differ"))
	if len(gone) > 0 {
		fmt.Fprintf(w, "; %s gone", counted(len(gone), "document is", "documents are"))
	}
	fmt.Fprintln(w)
	return nil
}

// about is what is said about a document, a line each, none of one that is not there.
func about(d knowledge.Document) []string {
	if d.ID == "" {
		return nil
	}
	return []string{
		"title: " + d.Title, "locale: " + d.Locale, "for: " + readBy(d), "valid: " + validity(d),
		"approver: " + cmp.Or(d.Approver, "nobody"), "tags: " + cmp.Or(strings.Join(d.Tags, ", "), "none"),
	}
}

func printDiff(w io.Writer, id string, before, after []string, was, now []knowledge.Chunk) bool {
	gone, came := without(was, now), without(now, was)
	if len(gone)+len(came) == 0 && slices.Equal(before, after) {
		return false
	}
	fmt.Fprintf(w, "%s\n", harmless(id))
	for i := range min(len(before), len(after)) {
		if before[i] != after[i] {
			fmt.Fprintf(w, "- %s\n+ %s\n", oneLine(before[i]), oneLine(after[i]))
		}
	}
	printPassages(w, "-", gone)
	printPassages(w, "+", came)
	return true
}

func printPassages(w io.Writer, mark string, list []knowledge.Chunk) {
	for _, c := range list {
		for line := range strings.Lines(knowledge.PromptText(c)) {
			fmt.Fprintf(w, "%s %s\n", mark, harmless(strings.ReplaceAll(strings.TrimRight(line, "\n"), "\t", "    ")))
		}
	}
}

// without are the passages of a list whose content the other one does not have.
func without(list, other []knowledge.Chunk) []knowledge.Chunk {
	has := map[string]bool{}
	for _, c := range other {
		has[c.Hash] = true
	}
	return slices.DeleteFunc(slices.Clone(list), func(c knowledge.Chunk) bool { return has[c.Hash] })
}
