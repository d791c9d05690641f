package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc64"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/harrier-scan/harrier"
)

var crcTable = crc64.MakeTable(crc64.ECMA)

// PublishResult stores r for the consumer. It waits while the stream is full or
// the server away, and returns ctx's error when that ends first. A repeat of a
// result that was stored a short time ago changes nothing. It answers Invalid
// for a result that is too large.
func (c *Conn) PublishResult(ctx context.Context, r harrier.Result) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("encode result: %w", err)
	}
	// A server that was killed can forget that a job was handed out, and count
	// its attempts anew: two runs may then use the same name for different
	// results. With the sum of the content in the message's id both are kept.
	id := fmt.Sprintf("%d/%d/%d/%d/%x", r.Scan, r.Batch, r.Attempt, r.Seq, crc64.Checksum(data, crcTable))
	subject := fmt.Sprintf("result.%d", r.Scan)
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		try, cancel := context.WithTimeout(ctx, 10*time.Second)
		_, err := c.js.Publish(try, subject, data, jetstream.WithMsgID(id), jetstream.WithRetryAttempts(0))
		cancel()
		switch {
		case err == nil:
			return nil
		case errors.Is(err, nats.ErrMaxPayload):
			return harrier.Invalidf("result", "has more than %d bytes", maxMessage)
		case errors.Is(err, nats.ErrConnectionClosed):
			return harrier.Errorf(harrier.Unavailable, "the bus was closed").Because(err)
		}
		if !pause(ctx, wait) {
			return ctx.Err()
		}
	}
}

// ConsumeResults calls handle with one group of results after the other, in
// the order of publication, until ctx ends; it then returns ctx's error. A
// group for which handle returns an error is handed to it again, at once or to
// the next consumer. There is one consumer at a time.
func (c *Conn) ConsumeResults(ctx context.Context, handle func(ctx context.Context, group []harrier.Result) error) error {
	for {
		err := c.consume(ctx, handle)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, nats.ErrConnectionClosed):
			return harrier.Errorf(harrier.Unavailable, "the bus was closed").Because(err)
		}
		pause(ctx, 200*time.Millisecond)
	}
}

// consume reads the stream from its front. What is handled is removed from the
// front in one step, so the order survives errors and restarts.
func (c *Conn) consume(ctx context.Context, handle func(ctx context.Context, group []harrier.Result) error) error {
	stream, err := c.js.Stream(ctx, resultStream)
	if err != nil {
		return err
	}
	reader, err := stream.OrderedConsumer(ctx, jetstream.OrderedConsumerConfig{})
	if err != nil {
		return err
	}
	msgs, broken, stop, err := read(ctx, reader)
	if err != nil {
		return err
	}
	defer stop()
	for {
		group, last, err := nextGroup(ctx, msgs, broken)
		if err != nil {
			return err
		}
		if len(group) > 0 && !handleGroup(ctx, group, handle) {
			return ctx.Err()
		}
		// Done even when ctx ends right now: the group is folded.
		if err := stream.Purge(context.WithoutCancel(ctx), jetstream.WithPurgeSequence(last+1)); err != nil {
			return err
		}
	}
}

// read starts a consumption. Its messages come in order on msgs; broken tells
// that no more will come. Stop ends it and waits for it.
func read(ctx context.Context, from jetstream.Consumer) (msgs <-chan jetstream.Msg, broken <-chan error, stop func(), err error) {
	out, end := make(chan jetstream.Msg, GroupSize), make(chan error, 1)
	reading, err := from.Consume(func(m jetstream.Msg) {
		select {
		case out <- m:
		case <-ctx.Done():
		}
	}, jetstream.PullMaxMessages(2*GroupSize), jetstream.ConsumeErrHandler(func(_ jetstream.ConsumeContext, err error) {
		if errors.Is(err, nats.ErrConnectionClosed) || errors.Is(err, jetstream.ErrStreamNotFound) {
			select {
			case end <- err:
			default:
			}
		}
	}))
	if err != nil {
		return nil, nil, nil, err
	}
	return out, end, func() {
		reading.Stop()
		for {
			select {
			case <-reading.Closed():
				return
			case <-out:
			}
		}
	}, nil
}

// nextGroup waits for a message and collects those that follow shortly. Last
// is the stream's number of the last one. Messages that can not be read are
// left out: a later version wrote them, and they will never be read.
func nextGroup(ctx context.Context, msgs <-chan jetstream.Msg, broken <-chan error) (group []harrier.Result, last uint64, err error) {
	var full <-chan time.Time
	for n := 0; n < GroupSize; n++ {
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case err := <-broken:
			return nil, 0, err
		case <-full:
			return group, last, nil
		case m := <-msgs:
			meta, err := m.Metadata()
			if err != nil {
				return nil, 0, err
			}
			last = meta.Sequence.Stream
			var r harrier.Result
			if json.Unmarshal(m.Data(), &r) == nil {
				group = append(group, r)
			}
			if full == nil {
				full = time.After(GroupWait)
			}
		}
	}
	return group, last, nil
}
