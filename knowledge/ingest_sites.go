package knowledge

import (
	"errors"
	"fmt"
	"strings"
)

// answered counts what became of the pages of a site.
type answered struct{ pages, read, gone int }

// keepSites keeps what the index has of sites of which no page could be read, or most are
// gone at once: a server that is set up wrongly says "not found" as well, and a site
// without documents would never be asked again. The pages are named all the same.
func (r *run) keepSites() {
	r.mu.Lock()
	defer r.mu.Unlock()
	sites := map[string]*answered{}
	for at, s := range r.list.Sources {
		if !strings.Contains(s.Collection, "://") {
			continue // a folder is there or not
		}
		if sites[s.Collection] == nil {
			sites[s.Collection] = &answered{}
		}
		site, state := sites[s.Collection], r.states[at]
		site.pages++
		switch {
		case state.gone:
			site.gone++
		case state.outcome != Failed:
			site.read++
		}
	}
	r.suspect = map[string]bool{}
	for collection, site := range sites {
		r.suspect[collection] = site.read == 0 || site.gone*2 > site.pages
	}
	r.nameKept()
}

// nameKept makes of the pages that are gone from such a site ones that are kept.
func (r *run) nameKept() {
	kept := map[string]bool{}
	for at, s := range r.list.Sources {
		if state := &r.states[at]; state.gone && r.suspect[s.Collection] {
			state.whole, kept[s.Place] = true, true
		}
	}
	for i, b := range r.report.Broken {
		if kept[b.Source] && errors.Is(b.Err, ErrGone) {
			r.report.Broken[i].Err = fmt.Errorf("%w; as most of its site is, so that what the index has of it stays", b.Err)
		}
	}
}
