package sources

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"testing"

	"github.com/recado/recado/knowledge"
)

// TestManifestAbove: a part of a folder that is brought in by itself is what the
// folder's manifest says of it.
func TestManifestAbove(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{
		"policies/recado.yaml":             "documents:\n- {path: 'legal/**', audience: agent}\n- {path: legal/x.md, approver: Ana, id: equis}\nignore: [legal/drafts]\n",
		"policies/legal/x.md":              "x",
		"policies/legal/deep/y.md":         "y",
		"policies/legal/drafts/z.md":       "z",
		"policies/legal/near/recado.yml":   "documents:\n- {path: n.md, markets: PT}\n",
		"policies/legal/near/n.md":         "n",
		"policies/legal/repo/.git/HEAD":    "ref: refs/heads/main\n",
		"policies/legal/repo/sub/inner.md": "i",
		"wrong/recado.yaml":                "documents: [",
		"wrong/legal/x.md":                 "x",
		"both/recado.yaml":                 "documents:\n- path: mistyped.md\n",
		"both/legal/x.md":                  "x",
	})
	agent := knowledge.Meta{Audience: knowledge.AudienceAgent}
	tests := map[string]struct {
		args   []string
		want   map[string]knowledge.Meta
		broken []string
	}{
		"a file":         {args: []string{"policies/legal/x.md"}, want: map[string]knowledge.Meta{"legal/x.md": {Audience: knowledge.AudienceAgent, Approver: "Ana", ID: "equis"}}},
		"a deeper file":  {args: []string{"policies/legal/deep/y.md"}, want: map[string]knowledge.Meta{"deep/y.md": agent}},
		"a folder":       {args: []string{"policies/legal/deep"}, want: map[string]knowledge.Meta{"deep/y.md": agent}},
		"an ignored one": {args: []string{"policies/legal/drafts/z.md"}, broken: []string{"policies/legal/drafts/z.md: the folder " + root + "/policies, which it belongs to, leaves it out"}},
		"ignored files":  {args: []string{"policies/legal/drafts"}},
		"the nearest of a file": {
			args: []string{"policies/legal/near/n.md"}, want: map[string]knowledge.Meta{"near/n.md": {Audience: knowledge.AudienceAgent, Markets: []string{"PT"}}},
		},
		"the nearest of a folder": {
			args: []string{"policies/legal/near"}, want: map[string]knowledge.Meta{"near/n.md": {Audience: knowledge.AudienceAgent, Markets: []string{"PT"}}},
		},
		"a repository ends the search": {
			args: []string{"policies/legal/repo/sub/inner.md"}, want: map[string]knowledge.Meta{"sub/inner.md": {}},
		},
		"a folder of a repository": {args: []string{"policies/legal/repo/sub"}, want: map[string]knowledge.Meta{"sub/inner.md": {}}},
		"the repository itself":    {args: []string{"policies/legal/repo"}},
		"a wrong manifest over a file": {
			args: []string{"wrong/legal/x.md"}, broken: []string{"wrong/recado.yaml: "},
		},
		"a wrong manifest over a folder": {args: []string{"wrong/legal"}, broken: []string{"wrong/recado.yaml: "}},
		"entries for other files":        {args: []string{"both/legal"}, want: map[string]knowledge.Meta{"legal/x.md": {}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			var args []string
			for _, arg := range test.args {
				args = append(args, filepath.Join(root, arg))
			}
			found := list(t, newLister(t, Config{Logger: slog.New(slog.NewTextHandler(&log, nil))}), nil, args...)
			got := map[string]knowledge.Meta{}
			for _, s := range found.Sources {
				got[s.Name] = s.Meta
			}
			same(t, "what is known", test.want, got)
			lines := brokenLines(found, root)
			if len(lines) == 1 && len(test.broken) == 1 && errors.Is(found.Broken[0].Err, ErrManifest) {
				lines[0] = lines[0][:min(len(lines[0]), len(test.broken[0]))]
			}
			same(t, "broken", test.broken, lines)
			if log.Len() > 0 {
				t.Errorf("log: %s", log.String())
			}
		})
	}
}

// TestManifestAboveArchive: an archive without a manifest lies in its folder as a folder
// would.
func TestManifestAboveArchive(t *testing.T) {
	t.Parallel()
	root := write(t, map[string]string{
		"policies/recado.yaml":  "documents:\n- {path: 'legal/**', audience: agent}\n",
		"policies/legal/own.md": "x",
	})
	for name, files := range map[string][]packed{
		"plain.zip": {entryOf("a.md", "a")},
		"own.zip":   {entryOf("a.md", "a"), entryOf("recado.yaml", "documents:\n- {path: a.md, markets: PT}\n")},
	} {
		if err := os.Rename(writeZip(t, files...), filepath.Join(root, "policies", "legal", name)); err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]knowledge.Meta{"plain.zip": {Audience: knowledge.AudienceAgent}, "own.zip": {Audience: knowledge.AudienceAgent, Markets: []string{"PT"}}}
	for name, meta := range want {
		found := list(t, newLister(t, Config{}), nil, filepath.Join(root, "policies", "legal", name))
		if len(found.Sources) != 1 || path.Base(found.Sources[0].Collection) != name {
			t.Fatalf("%s: %+v", name, found)
		}
		same(t, name, meta, found.Sources[0].Meta)
	}
}
