package nexpose

import (
	"context"
	"log/slog"
	"net/http"

	"github.com/harrier-scan/harrier"
)

// command is one request of the API.
type command struct {
	name   string // "SiteListing": the request without "Request"
	public bool   // needs no session
	plain  bool   // fails in the form of version 1.1 on both paths
	do     func(*call) (answer, error)
}

// add adds a command for those who have signed in.
func (a *api) add(name string, do func(*call) (answer, error)) {
	a.commands[key(name)] = command{name: name, do: do}
}

// change adds a command of several steps that are taken together or not at all:
// whatever ends it in between, the process too, leaves nothing half done.
func (a *api) change(name string, do func(*call) (answer, error)) {
	a.add(name, func(c *call) (ans answer, err error) {
		request := c.r
		defer func() { c.r = request }()
		err = a.Together(c.ctx(), func(ctx context.Context) error {
			c.r = request.WithContext(ctx)
			ans, err = do(c)
			return err
		})
		return ans, err
	})
}

// call is a command on its way.
type call struct {
	rw       http.ResponseWriter
	r        *http.Request
	log      *slog.Logger
	req      *element
	cmd      command
	by       harrier.Actor
	extended bool   // it came on the path of version 1.2
	from     string // address of the client
	session  string // id of the session that it carries or has just begun; "" for none
	wrote    bool
}

// ctx is the context of the request.
func (c *call) ctx() context.Context { return c.r.Context() }

// answer is what a command comes to. Its root has the attribute success first,
// then those of attrs (names and values in turn).
type answer struct {
	attrs []string
	body  func(*out)          // writes the children; nil for none
	raw   http.Handler        // writes the whole answer itself, for the one command that has another form
	after func(*http.Request) // called when the answer is on its way
}

// done is the answer of a command that has nothing to say.
func done() answer { return answer{} }

// list is the answer of a command that lists something.
func list(body func(*out)) answer { return answer{body: body} }

// write sends an answer.
//
// Source: section 1.3.
func (c *call) write(a answer) {
	c.head()
	if a.raw != nil {
		c.wrote = true
		a.raw.ServeHTTP(c.rw, c.r)
		return
	}
	c.wrote = true
	o := newOut(c.rw)
	o.start(c.cmd.name+"Response", "success", "1")
	c.echo(o)
	for i := 0; i+1 < len(a.attrs); i += 2 {
		o.attr(a.attrs[i], a.attrs[i+1])
	}
	if a.body != nil {
		a.body(o)
	}
	o.end()
	if err := o.flush(); err != nil {
		panic(http.ErrAbortHandler) // the client has gone
	}
	if a.after != nil {
		a.after(c.r)
	}
}

func (c *call) head() {
	h := c.rw.Header()
	h.Set("Content-Type", "application/xml;charset=UTF-8")
	h.Set("Cache-Control", "no-cache; max-age=0")
	h.Set("Pragma", "no-cache")
	h.Set("X-Frame-Options", "SAMEORIGIN")
	if c.session != "" {
		http.SetCookie(c.rw, &http.Cookie{Name: cookieName, Value: c.session, Path: "/", Secure: true, HttpOnly: true})
	}
}

// echo repeats the sync-id where clients compare it.
//
// Source: section 1.4.
func (c *call) echo(o *out) {
	if id := c.req.attr("sync-id"); id != "" && c.extended {
		o.attr("sync-id", id)
	}
}

// fail sends a failure, in the form of the version.
//
// Source: sections 1.6 and 1.7.
func (c *call) fail(err error) {
	switch kind := harrier.KindOf(err); {
	case c.ctx().Err() != nil: // nobody reads the answer
	case kind == harrier.Internal || kind == harrier.Unavailable:
		c.log.ErrorContext(c.ctx(), "request failed", "command", c.cmd.name, "err", err)
	}
	c.head()
	o := newOut(c.rw)
	switch text := told(err); {
	case c.extended && !c.cmd.plain:
		o.start("Failure", "success", "0")
		c.echo(o)
		o.start("Exception")
		o.leaf("Message", text)
		o.leaf("Stacktrace", "")
		o.end()
	default:
		name := "XMLResponse"
		if c.cmd.name != "" {
			name = c.cmd.name + "Response"
		}
		o.start(name, "success", "0")
		if c.cmd.plain {
			c.echo(o)
		}
		o.start("Failure")
		o.leaf("message", text)
		o.end()
	}
	o.end()
	_ = o.flush() // a client that has gone gets nothing
}

// texts are what clients are told where the error itself is not for them.
var texts = map[harrier.Kind]string{
	harrier.Internal:        "An internal error occurred.",
	harrier.Unauthenticated: "Session not found or expired: please log in",
}

// told is the message of an error for the client. What is invisible fails like
// what does not exist.
func told(err error) string {
	if text, ok := texts[harrier.KindOf(err)]; ok {
		return text
	}
	return harrier.MessageOf(err)
}
