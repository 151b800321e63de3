package suite

import (
	"slices"
	"strconv"

	"github.com/recado/recado/evals/suite/vary"
)

// variants gives a case in its languages, each followed by what the generators make of
// it, and joins the languages. A generator that finds nothing to change makes no case:
// it would be the same one again.
func variants(written []Case, generators []string) []Case {
	var list []Case
	for _, c := range written {
		list = append(list, c)
		for _, g := range generators {
			if v, changed := variant(c, g); changed {
				list = append(list, v)
			}
		}
	}
	join(list)
	return list
}

// inOrder gives generators in their fixed order, each once.
func inOrder(names []string) []string {
	return slices.DeleteFunc(vary.Generators(), func(g string) bool { return !slices.Contains(names, g) })
}

func variant(c Case, generator string) (Case, bool) {
	c.ID, c.Variant = c.ID+"/"+generator, generator
	if c.Simulate != nil {
		// Who is played writes so all along.
		who := *c.Simulate
		who.Habits = inOrder(append(slices.Clone(who.Habits), generator))
		changed := len(who.Habits) > len(c.Simulate.Habits)
		c.Simulate = &who
		return c, changed
	}
	changed := false
	steps := make([]Step, 0, len(c.Steps))
	for i, s := range c.Steps {
		// What was spoken has no typing mistakes, and comes in one piece.
		if len(s.Say) > 0 && !s.Voice {
			said := vary.Messages(generator, c.Language, c.Group+"/"+strconv.Itoa(i), s.Say)
			if !slices.Equal(said, s.Say) {
				s.Say, s.Voice, changed = said, generator == vary.Voice, true
			}
		}
		steps = append(steps, s)
	}
	c.Steps = steps
	return c, changed
}

// join sets Pair where a case is there in more than one language.
func join(list []Case) {
	count := map[string]int{}
	for _, c := range list {
		count[c.Variant]++
	}
	for i := range list {
		c := &list[i]
		if count[c.Variant] < 2 {
			continue
		}
		c.Pair = c.Group
		if c.Variant != "" {
			c.Pair += "/" + c.Variant
		}
	}
}
