package bus

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/harrier-scan/harrier"
)

// Conn is a connection to a Server, from this process or another. Its methods
// may overlap.
type Conn struct {
	nc    *nats.Conn
	js    jetstream.JetStream
	began time.Time

	mu        sync.Mutex
	consumers map[string]jetstream.Consumer // by pool
}

// Close ends the connection.
func (c *Conn) Close() { c.nc.Close() }

// poolToken is the name of a pool as a part of a subject: names of letters,
// digits, "-" and "_" as they are, others in hex behind a "=".
func poolToken(pool string) string {
	pool = poolOr(pool)
	plain := strings.Trim(pool, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") == ""
	if plain {
		return pool
	}
	return "=" + hex.EncodeToString([]byte(pool))
}

// PublishJob stores job for the engines of pool. A repeat of (Scan, Batch)
// while that is queued or in an engine's hands changes nothing; once it was
// acknowledged or dropped it is queued anew.
func (c *Conn) PublishJob(ctx context.Context, pool string, job harrier.Job) error {
	data, err := json.Marshal(job)
	if err != nil {
		return fmt.Errorf("encode job: %w", err)
	}
	subject := fmt.Sprintf("job.%s.%d.%d", poolToken(pool), job.Scan, job.Batch)
	_, err = c.js.Publish(ctx, subject, data)
	switch {
	case err == nil || refusedBy(err, "per subject"):
		return nil
	case errors.Is(err, nats.ErrMaxPayload):
		return harrier.Invalidf("job", "batch %d has more than %d bytes", job.Batch, maxMessage)
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return harrier.Errorf(harrier.Unavailable, "the bus does not take jobs").Because(err)
}

// refusedBy reports whether the stream refused a message for the limit of that
// name.
//
// Source: JSStreamStoreFailedF in nats-server; it carries the store's words.
func refusedBy(err error, limit string) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && api.ErrorCode == 10077 && strings.Contains(api.Description, limit)
}

// FetchJob waits for a job of pool and takes it in hand. It waits on while the
// server is away, and returns ctx's error when that ends first.
func (c *Conn) FetchJob(ctx context.Context, pool string) (*Delivery, error) {
	for {
		msg, err := c.fetch(ctx, poolToken(pool))
		switch {
		case ctx.Err() != nil:
			if msg != nil { // came in the moment of parting: give it back at once
				_ = msg.Nak()
			}
			return nil, ctx.Err()
		case errors.Is(err, nats.ErrConnectionClosed):
			return nil, harrier.Errorf(harrier.Unavailable, "the bus was closed").Because(err)
		case err != nil:
			c.forget(pool)
			pause(ctx, 200*time.Millisecond)
			continue
		case msg == nil:
			continue
		}
		d, err := c.newDelivery(msg)
		if err != nil {
			_ = msg.Term() // no engine of this version will ever read it
			return nil, err
		}
		return d, nil
	}
}

// newDelivery reads a job. One that was stored before this connection was made
// may have been handed out by a server that was killed since.
func (c *Conn) newDelivery(msg jetstream.Msg) (*Delivery, error) {
	d := &Delivery{via: natsDelivery{msg}}
	meta, err := msg.Metadata()
	if err != nil {
		return nil, fmt.Errorf("read job: %w", err)
	}
	d.Attempt = int(meta.NumDelivered)
	if err := json.Unmarshal(msg.Data(), &d.Job); err != nil {
		return nil, fmt.Errorf("read job: %w", err)
	}
	d.Job.Again = d.Job.Again || d.Attempt > 1 || meta.Timestamp.Before(c.began)
	return d, nil
}

// fetch waits a while for one message; nil when none came.
func (c *Conn) fetch(ctx context.Context, pool string) (jetstream.Msg, error) {
	consumer, err := c.consumer(ctx, pool)
	if err != nil {
		return nil, err
	}
	wait, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	batch, err := consumer.Fetch(1, jetstream.FetchContext(wait))
	if err != nil {
		return nil, err
	}
	for msg := range batch.Messages() {
		return msg, nil
	}
	err = batch.Error()
	if errors.Is(err, nats.ErrTimeout) || errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	return nil, err
}

// consumer returns the consumer that all engines of a pool share.
func (c *Conn) consumer(ctx context.Context, pool string) (jetstream.Consumer, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found := c.consumers[pool]; found != nil {
		return found, nil
	}
	stream, err := c.js.Stream(ctx, jobStream)
	if err != nil {
		return nil, err
	}
	ackWait, err := time.ParseDuration(stream.CachedInfo().Config.Metadata[ackWaitKey])
	if err != nil {
		ackWait = DefaultAckWait
	}
	made, err := stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: "pool-" + pool, FilterSubject: "job." + pool + ".>",
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxDeliver: -1, MaxAckPending: -1,
	})
	if err != nil {
		return nil, err
	}
	c.consumers[pool] = made
	return made, nil
}

func (c *Conn) forget(pool string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.consumers, poolToken(pool))
}

type natsDelivery struct{ msg jetstream.Msg }

func (d natsDelivery) ack(ctx context.Context) error { return settled(d.msg.DoubleAck(ctx)) }

func (d natsDelivery) nak(_ context.Context, delay time.Duration) error {
	return settled(d.msg.NakWithDelay(delay))
}

func (d natsDelivery) inProgress(context.Context) error { return settled(d.msg.InProgress()) }

func settled(err error) error {
	if errors.Is(err, jetstream.ErrMsgAlreadyAckd) {
		return nil
	}
	return err
}

// DropScan removes what the bus holds of a scan: jobs, results, command.
func (c *Conn) DropScan(ctx context.Context, scan harrier.ID) error {
	id := strconv.FormatInt(int64(scan), 10)
	for name, subject := range map[string]string{
		jobStream: "job.*." + id + ".>", resultStream: "result." + id, commandStream: "command." + id,
	} {
		stream, err := c.js.Stream(ctx, name)
		if err != nil {
			return harrier.Errorf(harrier.Unavailable, "the bus does not answer").Because(err)
		}
		if err := stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
			return fmt.Errorf("drop scan %d from %s: %w", scan, name, err)
		}
	}
	return nil
}
