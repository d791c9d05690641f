package bus

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/harrier-scan/harrier"
)

// propertiesAnswer is what AskProperties gets.
type propertiesAnswer struct {
	Properties map[string]string `json:"properties"`
	Error      string            `json:"error,omitempty"`
}

// propertiesWait is how long an engine waits for its properties: it goes on with
// those that it has.
const propertiesWait = 2 * time.Second

// AskProperties asks the console what an engine is to do otherwise. It answers
// Unavailable when nobody serves or the console could not tell.
func (c *Conn) AskProperties(ctx context.Context, engine harrier.UUID) (map[string]string, error) {
	ctx, cancel := context.WithTimeout(ctx, propertiesWait)
	defer cancel()
	m, err := c.nc.RequestWithContext(ctx, "properties", []byte(engine.String()))
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the console does not answer").Because(err)
	}
	var a propertiesAnswer
	if err := json.Unmarshal(m.Data, &a); err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	if a.Error != "" {
		return nil, harrier.Errorf(harrier.Unavailable, "the console could not tell: %s", a.Error)
	}
	return a.Properties, nil
}

// ServeProperties answers AskProperties with properties until ctx ends; it then
// returns ctx's error.
func (c *Conn) ServeProperties(ctx context.Context, properties func(ctx context.Context, engine harrier.UUID) (map[string]string, error)) error {
	return c.subscribe(ctx, "properties", func(m *nats.Msg) {
		var a propertiesAnswer
		id, err := harrier.ParseUUID(string(m.Data))
		if err == nil {
			a.Properties, err = properties(ctx, id)
		}
		if err != nil {
			a.Error = harrier.MessageOf(err)
		}
		if data, err := json.Marshal(a); err == nil {
			_ = m.Respond(data) // whoever asked asks again
		}
	})
}

// AskProperties asks the console what an engine is to do otherwise. It answers
// Unavailable when nobody serves or the console could not tell.
func (b *MemoryBus) AskProperties(ctx context.Context, engine harrier.UUID) (map[string]string, error) {
	b.mu.Lock()
	tell := b.properties
	b.mu.Unlock()
	if tell == nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the console does not answer")
	}
	have, err := tell(ctx, engine)
	if err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the console could not tell: %s", harrier.MessageOf(err))
	}
	return maps.Clone(have), nil
}

// ServeProperties answers AskProperties with properties until ctx ends; it then
// returns ctx's error.
func (b *MemoryBus) ServeProperties(ctx context.Context, properties func(ctx context.Context, engine harrier.UUID) (map[string]string, error)) error {
	b.mu.Lock()
	b.properties = properties
	b.mu.Unlock()
	<-ctx.Done()
	b.mu.Lock()
	b.properties = nil
	b.mu.Unlock()
	return ctx.Err()
}
