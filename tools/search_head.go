package tools

import "strings"

const (
	// headGain is for a tool that answers with what is asked for, ownerGain for one
	// whose toolset is whose it is, narrowGain for a list that can be filtered.
	headGain, ownerGain, narrowGain = 0.35, 0.12, 0.3
)

// breaks end the first noun and its adjectives.
var breaks = wordSet("of for in on at to from with by into onto that which who is are was were does do did has have had a the an so when where he she they we i you it and or as per before after through via under about bound can could may might should must")

// light nouns leave it to the noun after "of" what is asked for.
var light = wordSet("status state health list overview number count settings setting configuration name names copy version content contents kind summary")

// filters begin what narrows a list: "users without MFA".
var filters = wordSet("that whose with without where having not")

// headOf finds what is asked for, the last noun before the first preposition, and
// whose it is, what comes after.
func (x *Index) headOf(q *query, words []spelt, tokens []token, from []int, lead int) {
	last, owner := -1, q.asks && lead < len(words) && auxiliary[words[lead].raw] // "what can this group …"
	for i, t := range tokens {
		if t.at < lead || t.beside {
			continue
		}
		if owner {
			if from[i] >= 0 {
				x.role(q.owner, q.groups[from[i]], 1)
			}
			continue
		}
		r := words[t.at].raw
		if last >= 0 && (breaks[r] || filters[r] || strings.HasSuffix(r, "ed")) { // "groups allowed to …"
			if filters[r] {
				q.narrowed = true
				if q.want == 0 {
					q.want = toRead
				}
			}
			if !light[words[tokens[i-1].at].raw] {
				x.role(q.head, q.groups[last], 1)
				if !relations[r] {
					return
				}
				owner = true
				continue
			}
			x.role(q.head, q.groups[last], 0.4)
			last = -1
		}
		if from[i] < 0 {
			continue
		}
		if last >= 0 {
			x.role(q.head, q.groups[last], 0.5)
		}
		last = from[i]
	}
	if last >= 0 && !owner {
		x.role(q.head, q.groups[last], 1)
	}
}

// relations stand between what is asked for and whose it is.
var relations = wordSet("of for in on at to from with by a an the does do did can is are was has have bound into via through under about which who he she they")

var auxiliary = wordSet("does do did can could is are was were has have may")

// role notes that a group plays a part in the query.
func (x *Index) role(part map[int]float64, g group, weight float64) {
	for _, a := range g.alternatives {
		part[a.term] = max(part[a.term], weight*a.weight)
	}
}

// heads is how well what a document answers with is what the query is about.
func (q *query) heads(d *document) float64 {
	best := 0.0
	for _, t := range d.head {
		best = max(best, q.head[t])
	}
	owner := 0.0
	for _, t := range d.owner {
		owner = max(owner, q.owner[t])
	}
	f := 1 + headGain*best
	switch {
	case len(d.about) > 0:
		f *= 1 + ownerGain*owner
	case q.narrowed && d.kind == toRead && !d.one: // the list of all can be filtered
		f *= 1 + narrowGain*best
	}
	return f
}

func (x *Index) headTerm(q *query, stem string, weight float64) {
	if id, there := x.terms[stem]; there {
		q.head[id] = max(q.head[id], weight)
	}
}
