package report_test

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/recado/recado/evals/report"
	"github.com/recado/recado/evals/runs"
)

// shelf keeps runs in memory, and remembers what it was asked for.
type shelf struct {
	runs  []runs.Run
	asked []string
	err   error
}

func (s *shelf) List() ([]runs.Run, error) { return s.runs, s.err }

func (s *shelf) Open(id string) (runs.Run, error) {
	s.asked = append(s.asked, id)
	for _, r := range s.runs {
		if r.ID == id {
			return r, s.err
		}
	}
	return runs.Run{}, fmt.Errorf("run %s: %w", id, fs.ErrNotExist)
}

func browse(t *testing.T, c report.BrowseConfig) func(host, path string) *httptest.ResponseRecorder {
	t.Helper()
	h, err := report.Browse(c)
	if err != nil {
		t.Fatal(err)
	}
	return func(host, path string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
}

func TestBrowse(t *testing.T) {
	t.Parallel()
	run, base := sampleRun(t), earlierRun(t)
	store := &shelf{runs: []runs.Run{run, base, {ID: "third", Suite: hostile[0], Revision: hostile[1]}}}
	get := browse(t, report.BrowseConfig{Store: store})
	for path, want := range map[string]string{
		"/":               "39 of 63",
		"/runs/" + run.ID: "Failed. 39 of 63 cases passed.",
		"/compare?run=" + run.ID + "&base=" + base.ID: "Compared with",
		"/runs/third": "&lt;script&gt;window.owned",
	} {
		w := get("localhost:8090", path)
		if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, want) || strings.Contains(body, "<script>window.owned") {
			t.Errorf("%s: %d, without %q", path, w.Code, want)
		}
		if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "sha256-") || !strings.Contains(policy, "frame-ancestors 'none'") {
			t.Errorf("%s: the policy is %q", path, policy)
		}
	}
	if w := get("127.0.0.1:8090", "/"); !strings.Contains(w.Body.String(), `class="plot trend"`) {
		t.Error("two runs of a suite show no trend")
	}
	if w := get("127.0.0.1:8090", "/runs/2020"); w.Code != http.StatusNotFound || !strings.Contains(w.Body.String(), "not there") {
		t.Errorf("a run that is not there gives %d", w.Code)
	}
}

// TestBrowseOpensNoPaths: what is no name of a run never reaches the store.
func TestBrowseOpensNoPaths(t *testing.T) {
	t.Parallel()
	store := &shelf{}
	get := browse(t, report.BrowseConfig{Store: store})
	for _, path := range []string{
		"/runs/..", "/runs/../../etc/passwd", "/runs/%2e%2e%2fsecret", "/runs/..%2f..%2fetc%2fpasswd", "/runs/a%2fb", "/runs/.hidden", "/runs/a%00", "/runs/%5c..%5ca",
		"/compare?run=../x&base=../y", "/compare?run=&base=", "/compare", "/etc/passwd", "/runs/" + strings.Repeat("a", 200),
	} {
		if w := get("localhost", path); w.Code < 300 {
			t.Errorf("%s gives %d", path, w.Code)
		}
	}
	if len(store.asked) > 0 {
		t.Errorf("the store was asked for %q", store.asked)
	}
}

func TestBrowseIsForThisComputer(t *testing.T) {
	t.Parallel()
	store := &shelf{}
	get := browse(t, report.BrowseConfig{Store: store})
	for host, want := range map[string]int{
		"localhost": 200, "localhost:8090": 200, "127.0.0.1:8090": 200, "[::1]:8090": 200,
		"evil.example": 403, "192.168.1.7:8090": 403, "localhost.evil.example": 403, "": 403,
	} {
		if w := get(host, "/"); w.Code != want {
			t.Errorf("%q gives %d, not %d", host, w.Code, want)
		}
	}
	if w := browse(t, report.BrowseConfig{Store: store, AnyHost: true})("shop.example", "/"); w.Code != 200 {
		t.Errorf("a network gets %d", w.Code)
	}
	store.err = errors.New("the disk is gone")
	if w := get("localhost", "/"); w.Code != 500 || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("what can't be read gives %d", w.Code)
	}
	if _, err := report.Browse(report.BrowseConfig{}); err == nil {
		t.Error("pages without runs")
	}
}

// TestBrowseAFolder: runs as they are kept, with a file that is none.
func TestBrowseAFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := sampleRun(t)
	if _, err := runs.Keep(dir, run); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	secret := filepath.Join(filepath.Dir(dir), "secret.json")
	if err := os.WriteFile(secret, []byte(`{"id":"secret","suite":"secret"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	get := browse(t, report.BrowseConfig{Dir: dir})
	if w := get("localhost", "/"); !strings.Contains(w.Body.String(), "39 of 63") || !strings.Contains(w.Body.String(), "could not be read") {
		t.Errorf("the list gives %d", w.Code)
	}
	if w := get("localhost", "/runs/"+run.ID); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "39 of 63 cases") {
		t.Errorf("a run gives %d", w.Code)
	}
	for _, path := range []string{"/runs/..%2fsecret", "/compare?run=../secret&base=../secret", "/runs/secret"} {
		if w := get("localhost", path); w.Code < 400 {
			t.Errorf("%s gives %d", path, w.Code)
		}
	}
}

// halfway is a shelf with a run that was interrupted.
type halfway struct {
	shelf
	cut []runs.Run
	bad error
}

func (h *halfway) Unfinished() ([]runs.Run, error) { return h.cut, h.bad }

func TestBrowseShowsWhatIsUnfinished(t *testing.T) {
	t.Parallel()
	cut := sampleRun(t)
	cut.ID, cut.Suite, cut.System, cut.Repeat = "cut-1", hostile[0], "rag", 3
	cut.Results, cut.Planned, cut.Metrics, cut.Gates, cut.Slices = cut.Results[:20], 192, nil, nil, nil
	store := &halfway{shelf: shelf{runs: []runs.Run{sampleRun(t)}}, cut: []runs.Run{cut}}
	get := browse(t, report.BrowseConfig{Store: store})
	list := get("localhost", "/").Body.String()
	for _, want := range []string{
		"Unfinished", "Sin terminar", "20 of 192", `<progress max="192" value="20"`, `href="/unfinished/cut-1"`,
		"recado eval run SUITE.yaml --system rag --repeat 3 --resume",
	} {
		if !strings.Contains(list, want) {
			t.Errorf("the list does not say %q", want)
		}
	}
	if strings.Contains(list, "<script>window.owned") {
		t.Error("a suite's name became more than text")
	}
	w := get("localhost", "/unfinished/cut-1")
	if body := w.Body.String(); w.Code != http.StatusOK || !strings.Contains(body, "came to no end") || !strings.Contains(body, "cases passed") {
		t.Errorf("%d: %.600s", w.Code, body)
	}
	for path, want := range map[string]int{"/unfinished/cut-2": http.StatusNotFound, "/unfinished/..%2fx": http.StatusBadRequest} {
		if w := get("localhost", path); w.Code != want {
			t.Errorf("%s gives %d", path, w.Code)
		}
	}
	store.bad = errors.New("torn")
	if w := get("localhost", "/"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "could not be read") {
		t.Errorf("with a broken journal: %d", w.Code)
	}
	if w := get("localhost", "/unfinished/cut-1"); w.Code != http.StatusInternalServerError {
		t.Errorf("with a broken journal: %d", w.Code)
	}
}

// A folder of runs has its journals with it.
func TestBrowseReadsJournals(t *testing.T) {
	t.Parallel()
	dir, run := t.TempDir(), sampleRun(t)
	run.ID = "cut-1"
	journal, _, err := runs.Begin(dir, run)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range run.Results[:5] {
		if err := journal.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := journal.Close(); err != nil {
		t.Fatal(err)
	}
	get := browse(t, report.BrowseConfig{Dir: dir})
	if body := get("localhost", "/").Body.String(); !strings.Contains(body, `href="/unfinished/cut-1"`) || !strings.Contains(body, "Came to") {
		t.Error("the journal is not shown")
	}
	if w := get("localhost", "/unfinished/cut-1"); w.Code != http.StatusOK || !strings.Contains(w.Body.String(), "came to no end") {
		t.Errorf("%d", w.Code)
	}
}
