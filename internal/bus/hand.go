package bus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/harrier-scan/harrier"
)

// TryJob takes a job of pool in hand if there is one now; nil when there is
// none.
func (c *Conn) TryJob(ctx context.Context, pool string) (*Delivery, error) {
	consumer, err := c.consumer(ctx, poolToken(pool))
	if err != nil {
		return nil, err
	}
	batch, err := consumer.FetchNoWait(1)
	if err != nil {
		c.forget(pool)
		return nil, err
	}
	if msg, some := <-batch.Messages(); some {
		d, err := c.newDelivery(msg)
		if err != nil {
			_ = msg.Term() // no engine of this version will ever read it
		}
		return d, err
	}
	if err := batch.Error(); err != nil && !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, jetstream.ErrNoMessages) {
		c.forget(pool)
		return nil, err
	}
	return nil, nil //nolint:nilnil // none now is no fault
}

// Handle names the delivery to Conn.Settler of any process that is connected to
// the same server; "" for one of a Memory.
func (d *Delivery) Handle() string {
	if n, ok := d.via.(natsDelivery); ok {
		return n.msg.Reply()
	}
	return ""
}

// Deliver returns a delivery whose methods call ack, nak and progress.
func Deliver(job harrier.Job, attempt int, ack, progress func(context.Context) error, nak func(context.Context, time.Duration) error) *Delivery {
	return &Delivery{Job: job, Attempt: attempt, via: calls{ack, progress, nak}}
}

type calls struct {
	acks, progresses func(context.Context) error
	naks             func(context.Context, time.Duration) error
}

func (c calls) ack(ctx context.Context) error                  { return c.acks(ctx) }
func (c calls) nak(ctx context.Context, d time.Duration) error { return c.naks(ctx, d) }
func (c calls) inProgress(ctx context.Context) error           { return c.progresses(ctx) }
func (c *Conn) settle(_ context.Context, to, what string) error {
	return c.nc.Publish(to, []byte(what))
}

// Again returns the delivery with that handle, without its job: what was taken
// in hand by a process that has ended since can still be settled.
//
// Source: the words are those of the acknowledgement protocol of JetStream.
func (c *Conn) Again(handle string) (*Delivery, error) {
	if !strings.HasPrefix(handle, "$JS.ACK."+jobStream+".") || strings.ContainsAny(handle, " *>\r\n") {
		return nil, harrier.Invalidf("delivery", "%q is none", handle)
	}
	return Deliver(harrier.Job{}, 0,
		func(ctx context.Context) error {
			_, err := c.nc.RequestWithContext(ctx, handle, []byte("+ACK"))
			return err
		},
		func(ctx context.Context) error { return c.settle(ctx, handle, "+WPI") },
		func(ctx context.Context, delay time.Duration) error {
			return c.settle(ctx, handle, fmt.Sprintf(`-NAK {"delay": %d}`, delay.Nanoseconds()))
		},
	), nil
}
