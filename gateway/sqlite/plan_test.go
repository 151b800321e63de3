package sqlite

import (
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/gateway/gatewaytest"
)

// inOrder are the steps that look like reading everything and are not: they stop at
// the end of the page or at the first row that fits.
var inOrder = regexp.MustCompile(`CONSTANT ROW|VALUES CLAUSE|\(subquery|` +
	`INDEX (outgoing_unsettled|handoffs_created|conversations_updated|alerts_at)$|^SCAN templates$`)

// TestStore goes through the contract and asks the planner about each statement
// that this took: none may read a whole table.
func TestStore(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var sessions []*session
	t.Run("Contract", func(t *testing.T) {
		gatewaytest.TestStore(t, func(t testing.TB) gatewaytest.Open {
			path := filepath.Join(t.TempDir(), "recado.db")
			return func() (gateway.Store, error) {
				s, err := Open(t.Context(), Config{Path: path})
				if err == nil {
					mu.Lock()
					sessions = append(sessions, all(s)...)
					mu.Unlock()
				}
				return s, err
			}
		})
	})
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "recado.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	queries := map[string]bool{}
	for _, session := range sessions {
		for query := range session.statements {
			queries[query] = true
		}
	}
	if len(queries) < 50 {
		t.Errorf("only %d statements were used", len(queries))
	}
	for query := range queries {
		for _, step := range plan(t, s, query) {
			if strings.HasPrefix(step, "SCAN ") && !inOrder.MatchString(step) {
				t.Errorf("%s\nis done by: %s", query, step)
			}
		}
	}
}

// TestPlans asks how the statements that run again and again, or over much, are done:
// by the index that was made for them, and without sorting.
func TestPlans(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Config{Path: filepath.Join(t.TempDir(), "recado.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for query, want := range map[string][]string{
		fetchable:         {"files_due"},
		dueCommand:        {"commands_due"},
		selectPast:        {"conversations_updated"},
		selectHeard:       {"events_conversation"},
		auditsOpen:        {"audits_open", "SEARCH t USING INTEGER PRIMARY KEY"},
		auditsDone:        {"audits_done", "SEARCH t USING INTEGER PRIMARY KEY"},
		labelsAll:         {"labels_at", "SEARCH t USING INTEGER PRIMARY KEY"},
		labelsHandoff:     {"labels_handoff", "SEARCH t USING INTEGER PRIMARY KEY"},
		sendable:          {"outgoing_unsettled", "outgoing_before"},
		selectQuoted:      {"sqlite_autoindex_events_1 (key=?)", "events_provider", "outgoing_provider"},
		selectEdits:       {"events_about"},
		selectNewestAlert: {"alerts_matter"},
		purgeBodies:       {"webhooks_received"},
		purgeRaws:         {"events_raw"},
		purgeWhole:        {"events_raw"},
		selectFile + ` where f.event = ?`: {
			"SEARCH f USING INTEGER PRIMARY KEY", "SEARCH e USING INTEGER PRIMARY KEY", "SEARCH c USING PRIMARY KEY",
		},
		selectCommand + ` where conversation_id = ? order by n`: {"commands_conversation"},
		selectCommand + ` where id = ?`:                         {"sqlite_autoindex_commands_1"},

		incoming: {"events_conversation", "SEARCH w USING INTEGER PRIMARY KEY"},
	} {
		steps := strings.Join(plan(t, s, query), "\n")
		for _, part := range want {
			if !strings.Contains(steps, part) {
				t.Errorf("%s\nis not done by %s:\n%s", query, part, steps)
			}
		}
		if strings.Contains(steps, "TEMP B-TREE") {
			t.Errorf("%s\nsorts:\n%s", query, steps)
		}
	}
}

// all gives the sessions of a store that nobody uses yet.
func all(s *Store) (sessions []*session) {
	for _, pool := range []chan *session{s.writer, s.readers} {
		for range cap(pool) {
			one := <-pool
			sessions = append(sessions, one)
			pool <- one
		}
	}
	return sessions
}

// maxParameters is what the widest statement takes; the plan depends on none.
const maxParameters = 64 * eventWidth

func plan(t *testing.T, s *Store, query string) (steps []string) {
	t.Helper()
	word, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	if word == "begin" || word == "commit" || word == "rollback" {
		return nil
	}
	rows, err := s.databases[0].QueryContext(t.Context(), "explain query plan "+query, make([]any, maxParameters)...)
	if err != nil {
		t.Fatalf("explain %s: %v", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return steps
}
