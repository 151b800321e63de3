package postgres

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/recado/recado/gateway"
	"github.com/recado/recado/internal/testservices"
)

// TestCommandPlans asks how the statements are done that run again and again: by the
// index that was made for them, whatever the parameters are.
func TestCommandPlans(t *testing.T) {
	t.Parallel()
	s := openStore(t, Config{DSN: testservices.Postgres(t) + "&pool_max_conns=1"})
	// The tables are empty: the planner would read them from end to end.
	if _, err := s.pool.Exec(t.Context(), `set enable_seqscan = off; set enable_bitmapscan = off`); err != nil {
		t.Fatal(err)
	}
	var none *string
	for _, test := range []struct {
		query, index string
		args         []any
	}{
		{nextCommandQuery, "gateway_commands_due", []any{stamp(start), gateway.NewID(), stamp(start)}},
		{auditsOpen, "gateway_audits_open", []any{stamp(start), none, 51}},
		{auditsDone, "gateway_audits_done", []any{stamp(start), none, 51}},
		{`select n from gateway_commands c where c.conversation_id = $1 order by c.n`, "gateway_commands_conversation", []any{"c"}},
	} {
		found, err := s.pool.Query(t.Context(), "explain "+test.query, test.args...)
		if err != nil {
			t.Fatal(err)
		}
		steps, err := pgx.CollectRows(found, pgx.RowTo[string])
		if err != nil {
			t.Fatal(err)
		}
		plan := strings.Join(steps, "\n")
		if !strings.Contains(plan, test.index) || strings.Contains(plan, "Sort") {
			t.Errorf("%s\nis not done by %s:\n%s", test.query, test.index, plan)
		}
	}
}
