package suite_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/recado/recado/evals/suite"
	"github.com/recado/recado/internal/demoshop"
)

// imported runs an import over files in memory, and holds that what comes out can be
// written and read again.
func imported(t *testing.T, from func(fs.FS, string) (suite.Suite, []suite.Note, error), name string, files map[string]string) (suite.Suite, []string) {
	t.Helper()
	disk := fstest.MapFS{}
	for name, text := range files {
		disk[name] = &fstest.MapFile{Data: []byte(text)}
	}
	s, notes, err := from(disk, name)
	if err != nil {
		t.Fatal(err, notes)
	}
	kept(t, s)
	var said []string
	for _, n := range notes {
		said = append(said, n.String())
	}
	return s, said
}

func kept(t *testing.T, s suite.Suite) {
	t.Helper()
	back, text, err := again(s)
	if diff := cmp.Diff(s, back, elsewhere, cmpopts.EquateEmpty()); diff != "" || err != nil {
		t.Errorf("%v\n%s\n%s", err, diff, text[:min(len(text), 3000)])
	}
}

// same compares the cases of an import, but for what every case has.
func same(t *testing.T, want, got []suite.Case, notes, wantNotes []string) {
	t.Helper()
	for i := range want {
		want[i].Weight = 1
	}
	if diff := cmp.Diff(want, got, elsewhere, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantNotes, notes); diff != "" {
		t.Error(diff)
	}
}

func TestFromPromptfoo(t *testing.T) {
	t.Parallel()
	s, notes := imported(t, suite.FromPromptfoo, "a/promptfooconfig.yaml", map[string]string{
		"a/promptfooconfig.yaml": `
description: What we asked another tool.
prompts: ["Answer {{ask}}"]
providers: [openai:gpt-4o]
defaultTest:
  assert: [{type: not-icontains, value: guaranteed}]
tests:
  - description: Refund time
    vars: {ask: "How long does a refund take for {{product}}?", product: a lamp}
    metadata: {tags: [refunds]}
    assert:
      - {type: contains-any, value: [5 to 10 days, one week]}
      - {type: llm-rubric, value: "Is about {{product}}"}
      - {type: javascript, value: output.length < 100}
      - {type: latency, threshold: 100}
  - vars: {ask: ["¿Cuánto tarda?", "¿Y con Bizum?"]}
    assert: [{type: equals, value: 2 días}]
  - vars: {other: 1, more: 2}
  - file://more.csv
  - file://more.js
scenarios: [{config: []}]
`,
		"a/more.csv": "question,__expected\nDo you ship to Spain?,\"icontains: yes\"\nAnd to Peru?,no\n",
	})
	guaranteed := []suite.Fact{{"guaranteed"}}
	one := func(id, language, say string, e suite.Expect) suite.Case {
		return suite.Case{ID: id + "/" + language, Group: id, Language: language, Steps: []suite.Step{{Say: []string{say}, Expect: e}}}
	}
	refund := one("refund-time", "en", "How long does a refund take for a lamp?", suite.Expect{
		Never: guaranteed, Says: []suite.Fact{{"5 to 10 days", "one week"}}, Judge: []string{"Is about a lamp"}, Length: 99,
	})
	refund.Tags = []string{"refunds"}
	if s.About != "What we asked another tool." || s.Name != "promptfooconfig" {
		t.Error(s.Name, s.About)
	}
	same(t, []suite.Case{
		refund,
		one("cuanto-tarda", "es", "¿Cuánto tarda?", suite.Expect{Never: guaranteed, Says: []suite.Fact{{"2 días"}}}),
		one("y-con-bizum-2", "es", "¿Y con Bizum?", suite.Expect{Never: guaranteed, Says: []suite.Fact{{"2 días"}}}),
		one("do-you-ship-to-spain", "en", "Do you ship to Spain?", suite.Expect{Never: guaranteed, Says: []suite.Fact{{"yes"}}}),
		one("and-to-peru", "en", "And to Peru?", suite.Expect{Never: guaranteed, Says: []suite.Fact{{"no"}}}),
	}, s.Cases, notes, []string{
		"a/promptfooconfig.yaml:20: the tests in file://a/more.js were not taken: only .yaml, .json, .jsonl and .csv files of tests are read",
		"a/promptfooconfig.yaml:15: the assertion `latency` has no counterpart in a suite; not taken; a run measures time: write a threshold of `latency_p95`, in milliseconds",
		"a/promptfooconfig.yaml:17: `equals` became a fact: an answer may say it in a sentence",
		"a/promptfooconfig.yaml:18: no variable of the test is a question; name it question",
		"a/more.csv:3: `equals` became a fact: an answer may say it in a sentence",
	})
}

func TestFromBEIR(t *testing.T) {
	t.Parallel()
	s, notes := imported(t, suite.FromBEIR, "set", map[string]string{
		"set/queries.jsonl":  `{"_id":"q1","text":"how long do refunds take"}` + "\n" + `{"id":"q2","lang":"es","text":"¿y esto?","answerable":false}` + "\n" + `{"_id":"q3","text":"nobody judged me"}` + "\n",
		"set/qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\tdocs/refunds.md\t2\nq1\tother\t0\nq1 0 second 1\n",
	})
	same(t, []suite.Case{
		{ID: "q1/en", Group: "q1", Language: "en", Steps: []suite.Step{{Say: []string{"how long do refunds take"}, Expect: suite.Expect{Relevant: []string{"refunds", "second"}}}}},
		{ID: "q2/es", Group: "q2", Language: "es", Steps: []suite.Step{{Say: []string{"¿y esto?"}, Expect: suite.Expect{Decision: []string{"handoff"}}}}},
	}, s.Cases, notes, []string{
		"set/queries.jsonl:3: nothing is expected of the answer, so that it can't fail; left out",
	})
}

func TestBEIRDocuments(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{"set/corpus.jsonl": {Data: []byte(`{"_id":"docs/refunds.md","title":"Refunds","text":"They take 5 to 10 days."}
{"id":"d-2","lang":"es","text":"Enviamos a toda la península."}
{"id":"d-2","lang":"es","text":"Otra vez."}
{"id":"d-3","lang":"fr","text":"Bonjour."}
`)}}
	list, notes, err := suite.BEIRDocuments(files, "set")
	want := []suite.BEIRDocument{
		{Name: "en/refunds.md", Text: "---\nlocale: en\ntitle: \"Refunds\"\n---\nThey take 5 to 10 days.\n"},
		{Name: "es/d-2.md", Text: "---\nlocale: es\ntitle: \"d-2\"\n---\nEnviamos a toda la península.\n"},
	}
	if diff := cmp.Diff(want, list); diff != "" || len(notes) != 2 || notes[0].Line != 3 || err != nil {
		t.Error(diff, notes, err)
	}
}

func TestFromTau(t *testing.T) {
	t.Parallel()
	s, notes := imported(t, suite.FromTau, "tasks.jsonl", map[string]string{
		"tasks.jsonl": `{"id":"dev-1","user_id":"ana_lopez_12","instruction":"Your name is Ana Lopez. You want to cancel your order #W1 and you're in a hurry.","actions":[{"name":"get_order_details","kwargs":{"order_id":"#W1"}},{"name":"cancel_pending_order","kwargs":{"order_id":"#W1","reason":"no longer needed"}}],"outputs":[]}
{"id":"2","scenario":{"reason_for_call":"You want to exchange the keyboard."},"actions":[{"name":"exchange_delivered_order_items","arguments":{"order_id":"#W2"}},{"name":"cancel_pending_order","arguments":{"order_id":"#W3"}}]}
{"id":"3","scenario":{"reason_for_call":"How much is it to you?"},"actions":[],"communicate_info":["54.04"]}
{"id":"4","instruction":"You want to talk.","handoff":true,"actions":[{"name":"transfer_to_human_agents"}]}
{"id":"5","scenario":{"known_info":"You are Eva Ruiz in zip code 19122.","reason_for_call":"You want to return the lamp of #W5 and have #W6 sent to your new address.","task_instructions":"You are upset."},"nl_assertions":["The shop is polite."],"actions":[{"name":"find_user_id_by_email","arguments":{"email":"eva@example.com"}},{"name":"return_delivered_order_items","arguments":{"order_id":"#W5","item_ids":["1"]}},{"name":"modify_pending_order_address","arguments":{"order_id":"#W6","address1":"1 Elm Street","address2":"","city":"Austin","state":"TX","zip":"78701","country":"USA"}}]}
`,
	})
	one := func(id, intent string, who suite.Simulate) suite.Case {
		who.Patience, who.GivesUp, who.Turns = 2, "leave", 15
		return suite.Case{ID: id + "/en", Group: id, Language: "en", Tags: []string{"tau"}, Intent: intent, Risk: "money", Simulate: &who}
	}
	cancel := one("task-dev-1", "cancel_order", suite.Simulate{
		Mood: "hurried",
		Wish: suite.Wish{
			Wants: "cancel_order", Goal: "My name is Ana Lopez. I want to cancel my order #W1 and I'm in a hurry.",
			Knows: map[string]string{"name": "Ana Lopez", "order": "#W1", "reason": "no longer needed"},
		},
		Expect: suite.Expect{Ending: []string{"done"}, Orders: map[string]map[string]string{"#W1": {"status": "cancelled"}}},
	})
	cancel.Customer.Name = "ana_lopez"
	same(t, []suite.Case{
		cancel,
		one("task-2", "cancel_order", suite.Simulate{
			Mood: "calm", Wish: suite.Wish{Wants: "cancel_order", Goal: "I want to exchange the keyboard.", Knows: map[string]string{"order": "#W3"}},
			Expect: suite.Expect{Decision: []string{"handoff"}, Ending: []string{"person"}, MayChange: []string{"#W3"}},
		}),
		one("task-3", "other", suite.Simulate{
			Mood: "calm", Wish: suite.Wish{Wants: "answer", Goal: "How much is it to me?"}, Expect: suite.Expect{Says: []suite.Fact{{"54.04"}}, Ending: []string{"done"}},
		}),
		one("task-4", "other", suite.Simulate{
			Mood: "calm", Wish: suite.Wish{Wants: "person", Goal: "I want to talk."}, Expect: suite.Expect{Decision: []string{"handoff"}, Ending: []string{"person"}},
		}),
		one("task-5", "start_return", suite.Simulate{
			Mood: "angry",
			Wish: suite.Wish{
				Wants: "start_return", Goal: "I am Eva Ruiz in zip code 19122. I want to return the lamp of #W5 and have #W6 sent to my new address.",
				Knows: map[string]string{"name": "Eva Ruiz", "zip": "19122", "email": "eva@example.com", "order": "#W5", "address": "1 Elm Street, Austin, TX 78701, USA"},
			},
			Expect: suite.Expect{Judge: []string{"The shop is polite."}, Ending: []string{"done"}, Orders: map[string]map[string]string{
				"#W5": {"status": "return_requested"}, "#W6": {"shipping.address": "1 Elm Street, Austin, TX 78701, USA"},
			}},
		}),
	}, s.Cases, notes, []string{
		"tasks.jsonl:2: the task needs `exchange_delivered_order_items`, which Recado does not do; a person is expected for that",
		"tasks.jsonl: tau-bench has no phone numbers; with its database beside the tasks the customers get some, and otherwise give them those that their orders have in your shop",
	})
	kept(t, s)
}

func TestFromTable(t *testing.T) {
	t.Parallel()
	want := func() []suite.Case {
		e := func(fact string) suite.Expect {
			return suite.Expect{Decision: []string{"reply"}, Says: []suite.Fact{{fact, "x"}, {"y"}}, Sources: []string{"09-refunds"}}
		}
		both := suite.Case{Group: "refund", Pair: "refund", Tags: []string{"policy"}, Customer: suite.Customer{Phone: "34600550101"}}
		es, en := both, both
		es.ID, es.Language, es.Steps = "refund/es", "es", []suite.Step{{Say: []string{"¿Cuánto tarda?"}, Expect: e("5 días")}}
		en.ID, en.Language, en.Steps = "refund/en", "en", []suite.Step{{Say: []string{"How long does it take?"}, Expect: e("5 days")}}
		return []suite.Case{es, en, {
			ID: "talk-to-me/en", Group: "talk-to-me", Language: "en",
			Steps: []suite.Step{{Say: []string{"Talk to me!"}, Expect: suite.Expect{Decision: []string{"handoff"}, Reason: []string{"legal"}, Relevant: []string{"a"}}}},
		}}
	}
	for name, by := range map[string]string{"q.csv": ",", "q.tsv": "\t"} {
		rows := [][]string{
			{"Group", "Question", "Facts", "Language", "Source", "Decision", "Reason", "Phone", "Kind", "Mood"},
			{"refund", "How long does it take?", "5 days|x; y", "en", "policies/09-refunds.md", "reply", "", "+34 600550101", "policy", "calm"},
			{"refund", "¿Cuánto tarda?", "5 días|x; y", "es", "09-refunds", "reply", "", "+34600550101", "policy", ""},
			{"", "Talk to me!", "", "", "a", "", "legal", "", "#?", ""},
			{"", "Nothing to fail", "", "", "", "maybe", "", "", "", ""},
			{"", "Wie lange?", "x", "de", "", "", "", "", "", ""},
		}
		text := ""
		for _, row := range rows {
			text += strings.Join(row, by) + "\n"
		}
		s, notes := imported(t, suite.FromTable, name, map[string]string{name: text})
		same(t, want(), s.Cases, notes, []string{
			name + ":1: the column `Mood` has no counterpart in a suite; not taken",
			name + ":4: `#?` can't be a tag, an intent or a risk; not taken",
			name + ":5: `maybe` is no word for `decision`; write one of `reply`, `clarify`, `handoff`, `quiet`, `propose`, `notify`",
			name + ":5: nothing is expected of the answer, so that it can't fail; left out",
			name + ":6: the language is neither Spanish nor English; left out",
		})
	}
}

// TestFromQuestions reads the labelled questions of the demo shop.
func TestFromQuestions(t *testing.T) {
	t.Parallel()
	s, notes := imported(t, suite.FromQuestions, "questions.jsonl", map[string]string{
		"questions.jsonl": `{"id":"es-p-1","locale":"es","text":"¿Cuánto tarda?","kind":"policy","docs":["09"],"facts":["5 días",["a","b"]],"decision":"reply"}
{"id":"en-p-1","locale":"en","text":"How long?","kind":"policy","docs":["09"],"facts":["5 days"],"decision":"reply"}
{"id":"en-o-1","locale":"en","text":"Where is #W1?","kind":"order","decision":"handoff","customer":"+34600550101","order":"#W1","foreign":true}
`,
	})
	policy := func(language, say string, facts ...suite.Fact) suite.Case {
		return suite.Case{ID: "p-1/" + language, Group: "p-1", Pair: "p-1", Language: language, Tags: []string{"policy"}, Steps: []suite.Step{{
			Say: []string{say}, Expect: suite.Expect{Decision: []string{"reply"}, Sources: []string{"09"}, Says: facts},
		}}}
	}
	same(t, []suite.Case{
		policy("es", "¿Cuánto tarda?", suite.Fact{"5 días"}, suite.Fact{"a", "b"}), policy("en", "How long?", suite.Fact{"5 days"}),
		{
			ID: "o-1/en", Group: "o-1", Language: "en", Tags: []string{"order"}, Customer: suite.Customer{Phone: "34600550101"},
			Steps: []suite.Step{{Say: []string{"Where is #W1?"}, Expect: suite.Expect{Decision: []string{"handoff", "reply"}}}},
		},
	}, s.Cases, notes, nil)
	questions, err := demoshop.Questions()
	if err != nil {
		t.Fatal(err)
	}
	all, notesOf, err := suite.FromQuestions(os.DirFS("../../internal/demoshop"), "questions.jsonl")
	if err != nil || len(all.Cases) != len(questions) || len(notesOf) > 0 {
		t.Fatalf("%d of %d questions: %v, %v", len(all.Cases), len(questions), notesOf, err)
	}
	kept(t, all)
}

func TestImportsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	files := fstest.MapFS{
		"empty.yaml": {Data: []byte("tests: []")}, "no.yaml": {Data: []byte("a: [")}, "bad.jsonl": {Data: []byte("{}\n\n{")},
		"q.csv": {Data: []byte("id,answer\n1,2\n")}, "empty.csv": {Data: nil}, "f/queries.jsonl": {Data: []byte("{}")}, "g/qrels.tsv": {Data: []byte("a\tb\tc\nx\ty\n")},
		"h/qrels.tsv": {Data: []byte("a\tb\t1\n")}, "h/queries.jsonl": {Data: []byte("nothing")},
	}
	for name, c := range map[string]struct {
		from func(fs.FS, string) (suite.Suite, []suite.Note, error)
		want string
	}{
		"empty.yaml":   {suite.FromPromptfoo, "import empty.yaml: there is no test in it that could be taken"},
		"no.yaml":      {suite.FromPromptfoo, "import: no.yaml:1:4: this is not YAML: sequence end token ']' not found"},
		"missing.yaml": {suite.FromPromptfoo, "import: open missing.yaml: file does not exist"},
		"bad.jsonl":    {suite.FromTau, "import bad.jsonl:3: this is not a JSON object of a task"},
		"q.csv":        {suite.FromTable, "import q.csv:1: no column is the question; name one of them question"},
		"empty.csv":    {suite.FromTable, "import empty.csv: the file is empty; its first line has to name the columns"},
		"f":            {suite.FromBEIR, "import f: this is no folder of the BEIR form: neither qrels.tsv nor qrels/test.tsv, dev.tsv or train.tsv is in it"},
		"g":            {suite.FromBEIR, "import g/qrels.tsv:1: a judgement is a question, a document and a grade"},
		"h":            {suite.FromBEIR, "import h/queries.jsonl:1: this is not a JSON object with a text"},
	} {
		_, _, err := c.from(files, name)
		if err == nil || err.Error() != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestImportOthersFiles reads whole sets of others, where they are beside the repository.
func TestImportOthersFiles(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..", "shared", "data")
	if _, err := os.Stat(root); err != nil {
		t.Skip("the data sets of others are not beside the repository")
	}
	for name, from := range map[string]func(fs.FS, string) (suite.Suite, []suite.Note, error){
		"tau_retail/dev/tasks.jsonl": suite.FromTau, "tau_retail/tau2_tasks.jsonl": suite.FromTau, "logingov_help/dev": suite.FromBEIR,
	} {
		s, notes, err := from(os.DirFS(root), name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(s.Cases) < 50 {
			t.Errorf("%s: %d cases, %v", name, len(s.Cases), notes)
		}
		s.Cases = s.Cases[:50]
		kept(t, s)
	}
}
