package knowledge_test

import (
	"path/filepath"
	"testing"

	"github.com/recado/recado/knowledge"
)

// revoke takes the passages of a document back that hold a text.
func (s *shop) revoke(id, text string) {
	s.Helper()
	_, chunks, err := s.index.Document(s.Context(), id)
	s.same("error", err, nil)
	var list []knowledge.Revocation
	for _, c := range chunks {
		if c.Text == text {
			list = append(list, knowledge.Revocation{DocumentID: id, ChunkID: c.ID, Hash: c.Hash, At: now, By: "ana", Reason: "wrong"})
		}
	}
	s.same("passages to revoke", len(list), 1)
	s.same("error", s.index.Revoke(s.Context(), list), nil)
}

// restore lets all passages of a document be found again.
func (s *shop) restore(id string) {
	s.Helper()
	_, chunks, err := s.index.Document(s.Context(), id)
	s.same("error", err, nil)
	for _, c := range chunks {
		s.same("error", s.index.Restore(s.Context(), id, []string{c.Hash}), nil)
	}
}

// revoked runs over a folder and wants so many passages that stay away.
func (s *shop) revoked(want int, list knowledge.Listing) {
	s.Helper()
	got, err := s.run(s.Context(), list, knowledge.Options{})
	if err != nil || got.Revoked != want || len(got.Broken) > 0 {
		s.Errorf("%+v, %v; want %d revoked passages", got, err, want)
	}
}

// TestRevocationMovesAlong: what was taken back is not found again because its text is
// now in another document of the collection.
func TestRevocationMovesAlong(t *testing.T) {
	t.Parallel()
	const rows = "question,answer,locale,tags\n¿Plazo?,Dos días.,es,envio\n¿Cambio?,Treinta días.,es,cambio\n"
	tests := map[string]struct {
		files  map[string]string
		id     string // the row of two days in the index; empty takes the first document
		remove string
		write  map[string]string
	}{
		"a row with another tag": {
			files: map[string]string{"faq.csv": rows},
			write: map[string]string{"faq.csv": "question,answer,locale,tags\n¿Plazo?,Dos días.,es,entrega\n¿Cambio?,Treinta días.,es,cambio\n"},
		},
		"a row that joins others": {
			files: map[string]string{"faq.csv": rows},
			write: map[string]string{"faq.csv": "question,answer,locale,tags\n¿Plazo?,Dos días.,es,cambio\n¿Cambio?,Treinta días.,es,cambio\n"},
		},
		"a row with a market": {
			files: map[string]string{"faq.csv": rows},
			write: map[string]string{"faq.csv": "question,answer,locale,tags,markets\n¿Plazo?,Dos días.,es,envio,ES\n¿Cambio?,Treinta días.,es,cambio,\n"},
		},
		"a renamed table": {
			files:  map[string]string{"faq.csv": rows},
			remove: "faq.csv", write: map[string]string{"preguntas.csv": rows},
		},
		"a renamed text": {
			files:  map[string]string{"es/a.md": "Dos días.", "es/b.md": "Treinta días."},
			remove: "es/a.md", write: map[string]string{"es/envios/plazo.md": "Dos días."},
		},
		"a text with another title": {
			files: map[string]string{"es/a.md": "Dos días.", "es/b.md": "Treinta días."},
			write: map[string]string{"es/a.md": "---\ntitle: Plazos\n---\nDos días."},
		},
		"a copy": {
			files: map[string]string{"es/a.md": "Dos días.", "es/b.md": "Treinta días."},
			write: map[string]string{"es/c.md": "Dos días."},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, test.files)
			s.revoked(0, s.list(s.folder))
			for _, id := range s.ids() {
				if _, chunks, err := s.index.Document(t.Context(), id); err == nil && chunks[0].Text == "Dos días." {
					s.revoke(id, "Dos días.")
				}
			}
			s.same("passages", s.finds("días"), []string{"Treinta días."})
			if test.remove != "" {
				s.remove(test.remove)
			}
			s.write(test.write)
			for range 2 {
				if _, err := s.run(t.Context(), s.list(s.folder), knowledge.Options{}); err != nil {
					t.Fatal(err)
				}
				s.same("passages", s.finds("días"), []string{"Treinta días."})
			}
			list, err := s.index.Revocations(t.Context())
			s.same("error", err, nil)
			for _, one := range list {
				if one.By != "ana" || one.Reason != "wrong" || !one.At.Equal(now) {
					t.Errorf("%+v does not say who and why", one)
				}
			}
		})
	}
}

// TestRevocationOfTheGone: a document that comes back under another name after it was
// gone for a while is recognized by its content.
func TestRevocationOfTheGone(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"es/a.md": "# Plazos\n\nDos días.", "es/b.md": "Treinta días."})
	s.revoked(0, s.list(s.folder))
	s.revoke("policies/es/a.md", "Dos días.")
	s.remove("es/a.md")
	s.revoked(0, s.list(s.folder))
	s.write(map[string]string{"es/c.md": "# Plazos\n\nDos días."})
	s.revoked(1, s.list(s.folder))
	s.same("passages", s.finds("días"), []string{"Treinta días."})
}

// TestRevocationStaysInItsPlace: a text that was found before, was restored, or belongs
// to another collection is not taken back because one like it was.
func TestRevocationStaysInItsPlace(t *testing.T) {
	t.Parallel()
	s := newShop(t, map[string]string{"es/a.md": "Dos días.", "es/b.md": "# Otra\n\nDos días.\n\n# Más\n\nTres.", "es/c.md": "# Otra\n\nDos días."})
	s.revoked(0, s.list(s.folder))
	s.revoke("policies/es/c.md", "Dos días.")
	s.write(map[string]string{"es/b.md": "# Otra\n\nDos días.\n\n# Más\n\nCuatro."})
	s.revoked(1, s.list(s.folder))
	s.same("found before", s.finds("días"), []string{"Dos días.", "Dos días."})

	other := filepath.Join(filepath.Dir(s.folder), "other")
	s.write(map[string]string{"../other/es/c.md": "# Otra\n\nDos días."})
	s.revoked(0, s.list(other))
	s.same("another collection", s.finds("días"), []string{"Dos días.", "Dos días.", "Dos días."})

	s.remove("es/c.md")
	s.write(map[string]string{"es/d.md": "# Otra\n\nDos días."})
	s.revoked(1, s.list(s.folder))
	s.restore("policies/es/d.md")
	s.write(map[string]string{"es/d.md": "# Otra\n\nDos días.\n\n# Nueva\n\nCinco."})
	s.revoked(0, s.list(s.folder))
	s.same("restored", s.finds("días"), []string{"Dos días.", "Dos días.", "Dos días.", "Dos días."})
}
