package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/harrier-scan/harrier"
)

// SetCommand keeps c as the last command of scan and tells the watchers.
// Resume stands for running.
func (c *Conn) SetCommand(ctx context.Context, scan harrier.ID, command harrier.Command) error {
	_, err := c.js.Publish(ctx, fmt.Sprintf("command.%d", scan), []byte(command))
	if err != nil && ctx.Err() == nil {
		return harrier.Errorf(harrier.Unavailable, "the bus does not take commands").Because(err)
	}
	return err
}

// WatchCommands calls follow with the last command of every scan that has one
// and then with each change, until ctx ends; it then returns ctx's error. Of
// several changes in quick succession only the last one may be seen. While the
// server is away it waits.
func (c *Conn) WatchCommands(ctx context.Context, follow func(scan harrier.ID, c harrier.Command)) error {
	for {
		err := c.watchCommands(ctx, follow)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, nats.ErrConnectionClosed):
			return harrier.Errorf(harrier.Unavailable, "the bus was closed").Because(err)
		}
		pause(ctx, 200*time.Millisecond)
	}
}

func (c *Conn) watchCommands(ctx context.Context, follow func(scan harrier.ID, c harrier.Command)) error {
	stream, err := c.js.Stream(ctx, commandStream)
	if err != nil {
		return err
	}
	reader, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{DeliverPolicy: jetstream.DeliverLastPerSubjectPolicy})
	if err != nil {
		return err
	}
	msgs, broken, stop, err := read(ctx, reader)
	if err != nil {
		return err
	}
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-broken:
			return err
		case m := <-msgs:
			scan, err := strconv.ParseInt(strings.TrimPrefix(m.Subject(), "command."), 10, 64)
			if err == nil {
				follow(harrier.ID(scan), harrier.Command(m.Data()))
			}
		}
	}
}

// Beat tells the watchers that an engine lives. Nobody needs to listen, and it
// does not wait for a server that is away.
func (c *Conn) Beat(ctx context.Context, h harrier.Heartbeat) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	data, err := json.Marshal(h)
	if err != nil {
		return fmt.Errorf("encode heartbeat: %w", err)
	}
	if !c.nc.IsConnected() {
		return harrier.Errorf(harrier.Unavailable, "the bus does not answer")
	}
	return c.nc.Publish("beat", data)
}

// WatchBeats calls see with each heartbeat until ctx ends; it then returns
// ctx's error.
func (c *Conn) WatchBeats(ctx context.Context, see func(harrier.Heartbeat)) error {
	return c.subscribe(ctx, "beat", func(m *nats.Msg) {
		var h harrier.Heartbeat
		if json.Unmarshal(m.Data, &h) == nil {
			see(h)
		}
	})
}

// subscribe calls handle with each message on subject, one at a time, until
// ctx ends.
func (c *Conn) subscribe(ctx context.Context, subject string, handle func(*nats.Msg)) error {
	sub, err := c.nc.SubscribeSync(subject)
	if err != nil {
		return harrier.Errorf(harrier.Unavailable, "the bus was closed").Because(err)
	}
	defer func() { _ = sub.Unsubscribe() }() // fails only when the connection is gone, and the subscription with it
	for {
		m, err := sub.NextMsgWithContext(ctx)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, nats.ErrSlowConsumer): // some were dropped; the next ones come
			continue
		case err != nil:
			return harrier.Errorf(harrier.Unavailable, "the bus was closed").Because(err)
		}
		handle(m)
	}
}

// question and answer are what AskDone and ServeDone exchange.
type question struct {
	Scan  harrier.ID `json:"scan"`
	Batch int        `json:"batch"`
}

type answer struct {
	Done  []string `json:"done"`
	Error string   `json:"error,omitempty"`
}

// AskDone asks the console for the hosts of a batch that it has completely, as
// Host.Name + "|" + Host.Addr. What was published before counts: the answer
// waits until that is consumed. It answers Unavailable when nobody serves or
// consumes, or the console could not tell.
func (c *Conn) AskDone(ctx context.Context, scan harrier.ID, batch int) ([]string, error) {
	data, err := json.Marshal(question{scan, batch})
	if err != nil {
		return nil, fmt.Errorf("encode question: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	if err := c.consumed(ctx); err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the console has results to take in").Because(err)
	}
	m, err := c.nc.RequestWithContext(ctx, "done", data)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the console does not answer").Because(err)
	}
	var a answer
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if a.Error != "" {
		return nil, harrier.Errorf(harrier.Unavailable, "the console could not tell: %s", a.Error)
	}
	return a.Done, nil
}

// consumed waits until the results that are published by now are consumed.
func (c *Conn) consumed(ctx context.Context) error {
	stream, err := c.js.Stream(ctx, resultStream)
	if err != nil {
		return err
	}
	last := stream.CachedInfo().State.LastSeq
	for now := stream.CachedInfo(); now.State.FirstSeq <= last && now.State.Msgs > 0; {
		if !pause(ctx, 20*time.Millisecond) {
			return ctx.Err()
		}
		if now, err = stream.Info(ctx); err != nil {
			return err
		}
	}
	return nil
}

// ServeDone answers AskDone with done until ctx ends; it then returns ctx's
// error.
func (c *Conn) ServeDone(ctx context.Context, done func(ctx context.Context, scan harrier.ID, batch int) ([]string, error)) error {
	return c.subscribe(ctx, "done", func(m *nats.Msg) {
		var q question
		var a answer
		err := json.Unmarshal(m.Data, &q)
		if err == nil {
			a.Done, err = done(ctx, q.Scan, q.Batch)
		}
		if err != nil {
			a.Error = harrier.MessageOf(err)
		}
		if data, err := json.Marshal(a); err == nil {
			_ = m.Respond(data) // whoever asked asks again
		}
	})
}
