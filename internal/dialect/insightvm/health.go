package insightvm

import (
	"context"

	"github.com/harrier-scan/harrier"
)

// healthReply is the answer of the health check.
//
// Source: section 5.
type healthReply struct {
	Components *struct{} `json:"components"`
	Status     string    `json:"status"`
	Summary    *struct{} `json:"summary"`
}

// health says UP: the console serves nothing before it is.
func (a api) health(context.Context, harrier.Actor, *query) (reply, error) {
	return reply{body: healthReply{Status: "UP"}}, nil
}

// messageReply says something to people.
type messageReply struct {
	Message string `json:"message"`
}

// validate tells that the key is good, or it would not be asked.
//
// Source: section 2.
func (a api) validate(context.Context, harrier.Actor, *query) (reply, error) {
	return reply{body: messageReply{"Authorized"}}, nil
}
