package securitycenter

import (
	"context"
	"maps"
	"strings"

	"github.com/harrier-scan/harrier"
)

// userRef names a user.
//
// Source: section 1.2.
type userRef struct {
	ID        string `json:"id"`
	Username  string `json:"username"`
	Firstname string `json:"firstname"`
	Lastname  string `json:"lastname"`
	UUID      string `json:"uuid"`
}

// people tells users by their ids. They are read when the first is asked for.
type people struct {
	load  func() (map[harrier.ID]harrier.User, error)
	known map[harrier.ID]harrier.User
}

func (a api) people(ctx context.Context) *people {
	return &people{load: func() (map[harrier.ID]harrier.User, error) { return a.Identity.People(ctx) }}
}

// peers are the users whom by may name in what they make: those of by's own
// organisation. Others are as if they were not there.
func (a api) peers(ctx context.Context, by harrier.Actor) (map[harrier.ID]harrier.User, error) {
	all, err := a.Identity.People(ctx)
	maps.DeleteFunc(all, func(id harrier.ID, _ harrier.User) bool { return !by.PeerOf(id) })
	return all, err
}

// ref names a user: of one who is gone, and of the console itself, the id alone.
func (p *people) ref(id harrier.ID) userRef {
	if p.known == nil {
		var err error
		if p.known, err = p.load(); err != nil {
			p.known = map[harrier.ID]harrier.User{}
		}
	}
	u, ok := p.known[id]
	if !ok {
		return userRef{ID: "-1"}
	}
	return newUserRef(u)
}

func newUserRef(u harrier.User) userRef {
	first, last := splitName(u)
	return userRef{sid(u.ID), u.Name, first, last, suuid(u.UUID)}
}

// givenLastname is what was said to be the last name.
const givenLastname = "lastname"

// splitName takes a full name apart: before the last name that was given, while
// it is still that, else before its last word.
func splitName(u harrier.User) (first, last string) {
	full := u.FullName
	if last := u.Given[givenLastname]; last != "" {
		if first, ok := strings.CutSuffix(full, last); ok && (first == "" || strings.HasSuffix(first, " ")) {
			return strings.TrimSpace(first), last
		}
	}
	i := strings.LastIndexByte(full, ' ')
	if i < 0 {
		return full, ""
	}
	return full[:i], full[i+1:]
}
