package tools

import "strings"

// intent finds the verb that leads the query and what it asks for. It gives the
// number of words that the lead takes.
func (x *Index) intent(q *query, words []spelt, starts map[int]bool) int {
	list := make([]word, len(words))
	for i, w := range words {
		list[i] = w.word
	}
	lead := 0
	for i := range list {
		switch {
		case i == 0 && x.lexicon.ask[list[0].raw] && !x.polite(list):
			q.asks, q.want = true, toRead
			if list[0].raw == "who" || list[0].raw == "whose" {
				x.whose(q, list)
			}
			return 1
		case x.lexicon.fill[list[i].raw]:
			continue
		}
		if m := x.lexicon.verbs.match(list[i:]); m != nil && !strings.HasSuffix(list[i].raw, "ed") { // "saved reports" are a noun
			q.want, lead = intent(m.entry), i+len(m.stems)
		}
		break
	}
	if q.want == 0 { // "they lost their phone, reset it", "our domains, which of them …"
		for i := 1; i < len(list); i++ {
			if !starts[i] {
				continue
			}
			if x.lexicon.ask[list[i].raw] {
				q.want = toRead
				return i + 1
			}
			if m := x.lexicon.verbs.match(list[i:]); m != nil {
				q.want = intent(m.entry)
			}
		}
	}
	if n := len(list); q.want == 0 && n > 1 && x.lexicon.generic[list[n-1].raw] { // "users delete", as tools are named
		if m := x.lexicon.verbs.match(list[n-1:]); m != nil {
			q.want = intent(m.entry)
		}
	}
	if q.want&toLink != 0 {
		x.imply(q, 0.3, alternative{"associ", 0.9}, alternative{"member", 0.9}, alternative{"access", 0.7})
		for _, w := range list[min(lead, len(list)):] {
			if w.raw == "to" || w.raw == "into" || w.raw == "from" || w.raw == "in" {
				q.prefer = toLink // add a user to a group, not a user
			}
		}
	}
	return lead
}

// happened are past forms that do not end in "ed".
var happened = wordSet("did reset ran set made gave sent took put got broke lost wrote")

// whose reads what "who" asks for: people, or, with a past verb, what was recorded.
func (x *Index) whose(q *query, list []word) {
	if len(list) > 1 && (happened[list[1].raw] || strings.HasSuffix(list[1].raw, "ed")) {
		x.headTerm(q, "event", 1)
		x.imply(q, 1, alternative{"event", 0.9}, alternative{"audit", 1}, alternative{"insight", 0.9}, alternative{"activ", 0.9}, alternative{"histori", 0.9})
		return
	}
	x.headTerm(q, "user", 1)
	x.imply(q, 0.4, alternative{"user", 1})
}

// polite reports whether the query begins as a question and is none: "how do I …".
func (x *Index) polite(list []word) bool {
	return list[0].raw == "how" && len(list) > 2 && (list[1].raw == "do" || list[1].raw == "can" || list[1].raw == "to")
}

// details are words of who wants to see one object.
var details = wordSet("details detail single specific individual one particular info information everything profile")

const (
	// onePenalty is for a tool that shows one object where that was not said,
	// listPenalty for one that does not where it was.
	onePenalty, listPenalty = 0.93, 0.82
	// preferGain is for what a preposition makes likelier.
	preferGain = 1.12
)

// wants is how well what a document does is what the query wants done.
func (q *query) wants(d *document) float64 {
	f := 0.0
	for want := range suits {
		if q.want&(1<<want) == 0 && (q.want != 0 || want != noVerb) {
			continue
		}
		for does, s := range suits[want] {
			if d.kind&(1<<does) != 0 {
				f = max(f, s)
			}
		}
	}
	switch {
	case d.kind&toRead == 0 || d.one == q.single:
	case q.single:
		f *= listPenalty
	default:
		f *= onePenalty
	}
	if q.want != 0 && d.kind&q.prefer != 0 {
		f *= preferGain
	}
	return f
}

// noVerb is the row of suits for queries without a verb.
const noVerb = 6

// suits is how well a tool that does one thing serves who wants another, in the
// order of the intents.
var suits = [...][6]float64{
	//       read create update remove link act
	/* read   */ {1.3, 0.65, 0.65, 0.65, 0.65, 0.65},
	/* create */ {0.72, 1.3, 0.88, 0.6, 0.95, 1.02},
	/* update */ {0.72, 0.88, 1.3, 0.6, 0.88, 1.02},
	/* remove */ {0.72, 0.6, 0.88, 1.3, 0.95, 1.02},
	/* link   */ {0.72, 0.88, 0.88, 0.6, 1.3, 1.02},
	/* act    */ {0.72, 1.02, 1.02, 0.78, 0.95, 1.3},
	/* a noun */ {1.15, 0.88, 0.88, 0.75, 0.88, 0.88},
}
