package resolve

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/miekg/dns"

	"github.com/harrier-scan/harrier"
)

// Lookup says what is believed about a name. With upstreams, two that are not
// dropped must agree; where they do not, the servers of the zone decide, or,
// when those may not or can not be asked, the majority of all upstreams. An
// answer that nobody can be found for is Unavailable: it is not "no such name".
func (c *Client) Lookup(ctx context.Context, name string, typ uint16) (Answer, error) {
	q := question{Canonical(name), typ}
	if q.name == "" {
		return Answer{}, harrier.Invalidf("name", "%q is no name", name)
	}
	return c.cache.get(ctx, q, c.o.Now, func() (Answer, error) {
		if len(c.ups) == 0 {
			return c.iterate(ctx, q, 0)
		}
		return c.vote(ctx, q)
	})
}

// opinion is what one upstream said.
type opinion struct {
	of *upstream
	a  Answer
}

func (c *Client) vote(ctx context.Context, q question) (Answer, error) {
	ups := c.usable()
	rand.Shuffle(len(ups), func(i, j int) { ups[i], ups[j] = ups[j], ups[i] })
	var said []opinion
	next := 0
	hear := func() bool {
		for ; next < len(ups); next++ {
			a, err := c.ask(ctx, ups[next], q)
			if err == nil && senseOf(a) != failed {
				said = append(said, opinion{ups[next], a})
				next++
				return true
			}
		}
		return false
	}
	if !hear() {
		return c.last(ctx, q)
	}
	if !hear() && len(ups) > 1 && c.o.Direct {
		if a, err := c.arbiter(ctx, q); err == nil {
			said = append(said, opinion{nil, a})
		}
	}
	if len(said) == 1 || agree(said[0].a, said[1].a) {
		return said[0].a, nil
	}
	if a, err := c.arbiter(ctx, q); err == nil {
		for _, o := range said {
			if o.of != nil && (senseOf(o.a) != senseOf(a) || !agree(o.a, a) && agree(other(said, o).a, a)) {
				o.of.fault(q.name)
			}
		}
		return a, nil
	}
	for hear() { // every upstream that is left has a vote
	}
	return c.count(q, said)
}

func other(said []opinion, not opinion) opinion {
	for _, o := range said {
		if o.of != not.of {
			return o
		}
	}
	return not
}

// count believes what more than half say.
func (c *Client) count(q question, said []opinion) (Answer, error) {
	for _, o := range said {
		votes := 0
		for _, p := range said {
			if agree(o.a, p.a) {
				votes++
			}
		}
		if 2*votes > len(said) {
			for _, p := range said {
				if !agree(o.a, p.a) && p.of != nil {
					p.of.fault(q.name)
				}
			}
			return o.a, nil
		}
	}
	c.doubtful.Add(1)
	return Answer{}, harrier.Errorf(harrier.Unavailable, "resolvers do not agree about %s", q.name)
}

// last asks the servers of the zone because no upstream answers.
func (c *Client) last(ctx context.Context, q question) (Answer, error) {
	if a, err := c.arbiter(ctx, q); err == nil {
		return a, nil
	}
	if err := ctx.Err(); err != nil {
		return Answer{}, err
	}
	return Answer{}, harrier.Errorf(harrier.Unavailable, "nobody answers about %s", q.name)
}

func (c *Client) arbiter(ctx context.Context, q question) (Answer, error) {
	if !c.o.Direct {
		return Answer{}, errors.New("the servers of the zone are not asked")
	}
	return c.iterate(ctx, q, 0)
}

// agree reports whether two answers can both be true: of one sense, and with a
// record in common. Servers that spread load give each a part of the addresses.
func agree(a, b Answer) bool {
	if senseOf(a) != senseOf(b) {
		return false
	}
	if !a.Has() {
		return true
	}
	have := map[string]bool{}
	for _, r := range a.Records {
		have[rdata(r)] = true
	}
	for _, r := range b.Records {
		if have[rdata(r)] && (r.Header().Rrtype == b.Type || !hasType(a) || !hasType(b)) {
			return true
		}
	}
	return false
}

// hasType reports whether the answer ends at records of the type asked for.
func hasType(a Answer) bool {
	for _, r := range a.Records {
		if r.Header().Rrtype == a.Type {
			return true
		}
	}
	return false
}

// Text is a record's data as in a zone file.
func Text(r dns.RR) string {
	h := r.Header().String()
	return r.String()[min(len(h), len(r.String())):]
}

// errLame is a server that does not know the zone that it was delegated.
var errLame = fmt.Errorf("the server does not answer for the zone")
