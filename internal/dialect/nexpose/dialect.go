package nexpose

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// via is what the audit log calls this door.
const via = "nexpose"

// Dialect is the NeXpose XML API with its side doors.
var Dialect = kit.Dialect{Name: via, Owns: owns, Handler: New}

// The paths of the API itself.
//
// Source: section 1.1.
const (
	path11 = "/api/1.1/xml"
	path12 = "/api/1.2/xml"
)

func owns(r *http.Request) bool {
	p := kit.CleanPath(r.URL.Path)
	return p == path11 || p == path12 || ownsSide(p)
}

// api is the door with the rooms behind it.
type api struct {
	kit.Rooms
	commands map[string]command // by key of the request's name without "Request"
	side     http.Handler
	found    *foundCache
}

// New returns the handler of the whole dialect.
func New(rooms kit.Rooms) http.Handler { return newAPI(rooms) }

func newAPI(rooms kit.Rooms) *api {
	if rooms.Now == nil {
		rooms.Now = time.Now
	}
	a := &api{Rooms: rooms, commands: map[string]command{}, found: &foundCache{}}
	a.consoleCommands()
	a.engineCommands()
	a.exceptionCommands()
	a.groupCommands()
	a.reportCommands()
	a.reportTemplateCommands()
	a.roleCommands()
	a.scanCommands()
	a.sessionCommands()
	a.siloCommands()
	a.siloProfileCommands()
	a.connectionCommands()
	a.siloUserCommands()
	a.siteCommands()
	a.ticketCommands()
	a.userCommands()
	a.vulnerabilityCommands()
	a.side = a.sideDoors()
	return a
}

// ServeHTTP answers r.
func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch p := kit.CleanPath(r.URL.Path); {
	case p != path11 && p != path12:
		a.side.ServeHTTP(w, r)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "This is an API: it takes POST requests only.", http.StatusMethodNotAllowed)
	default:
		a.serve(w, r, p == path12)
	}
}

// serve answers one command. Whatever it comes to, the status is 200.
func (a *api) serve(w http.ResponseWriter, r *http.Request, extended bool) {
	c := &call{rw: w, r: r, extended: extended, from: kit.RemoteAddr(r), log: a.Log}
	defer func() {
		if p := recover(); p != nil {
			c.recovered(p)
		}
	}()
	body, err := readBody(r)
	if err != nil {
		c.fail(err)
		return
	}
	if c.req, err = parse(body); err != nil {
		c.fail(err)
		return
	}
	name, isRequest := strings.CutSuffix(c.req.key, "request")
	cmd, known := a.commands[name]
	if !known || !isRequest {
		c.fail(harrier.Errorf(harrier.Invalid, "unknown request %s", clip(c.req.name)))
		return
	}
	c.cmd = cmd
	ans, err := a.run(c)
	if err != nil {
		c.fail(err)
		return
	}
	c.write(ans)
}

func (a *api) run(c *call) (answer, error) {
	if !c.cmd.public {
		if err := a.authenticate(c); err != nil {
			return answer{}, err
		}
	}
	return c.cmd.do(c)
}

// maxDrain is how much of a body that is too large is read and thrown away, in
// bytes: a client that writes all before it reads would get a broken connection
// instead of the answer.
const maxDrain = 256 << 20

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err == nil {
		return body, nil
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		_, _ = io.CopyN(io.Discard, r.Body, maxDrain) // what it says does not matter
		return nil, harrier.Errorf(harrier.Invalid, "the request is larger than %d bytes", large.Limit)
	}
	return nil, harrier.Errorf(harrier.Invalid, "the request ended early").Because(err)
}

// recovered makes a failure of a panic.
func (c *call) recovered(p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // the value that net/http compares with
		panic(p)
	}
	c.log.LogAttrs(c.r.Context(), slog.LevelError, "request panicked",
		slog.String("command", c.cmd.name), slog.Any("err", p), slog.String("stack", string(debug.Stack())))
	if c.wrote {
		panic(http.ErrAbortHandler)
	}
	c.fail(harrier.Errorf(harrier.Internal, "panic: %v", p))
}
