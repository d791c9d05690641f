package bus

import (
	"context"
	"slices"

	"github.com/harrier-scan/harrier"
)

// resultName is what names a result: two with the same name are one.
type resultName struct {
	scan                harrier.ID
	batch, attempt, seq int
}

func nameOf(r harrier.Result) resultName {
	return resultName{r.Scan, r.Batch, r.Attempt, r.Seq}
}

// PublishResult stores r for the consumer. It waits while the bus is full, and
// returns ctx's error when that ends first. A repeat of a result that is not
// consumed yet changes nothing.
func (b *MemoryBus) PublishResult(ctx context.Context, r harrier.Result) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		stored, changed := b.putResult(r)
		if stored {
			return nil
		}
		select {
		case <-ctx.Done():
		case <-changed:
		}
	}
}

func (b *MemoryBus) putResult(r harrier.Result) (bool, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if slices.ContainsFunc(b.results, func(o harrier.Result) bool { return nameOf(o) == nameOf(r) }) {
		return true, nil
	}
	if len(b.results) >= memoryResults {
		return false, b.changed
	}
	b.results = append(b.results, r)
	b.tell()
	return true, nil
}

// ConsumeResults calls handle with one group of results after the other, in
// the order of publication, until ctx ends; it then returns ctx's error. A
// group for which handle returns an error is handed to it again. There is one
// consumer at a time.
func (b *MemoryBus) ConsumeResults(ctx context.Context, handle func(ctx context.Context, group []harrier.Result) error) error {
	for {
		group, changed := b.firstResults()
		if len(group) == 0 {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-changed:
			}
			continue
		}
		if len(group) < GroupSize && pause(ctx, GroupWait) {
			group, _ = b.firstResults()
		}
		if !handleGroup(ctx, group, handle) {
			return ctx.Err()
		}
		b.removeResults(group)
	}
}

func (b *MemoryBus) firstResults() ([]harrier.Result, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.results[:min(len(b.results), GroupSize)]), b.changed
}

func (b *MemoryBus) removeResults(group []harrier.Result) {
	done := make(map[resultName]bool, len(group))
	for _, r := range group {
		done[nameOf(r)] = true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.results = slices.DeleteFunc(b.results, func(r harrier.Result) bool { return done[nameOf(r)] })
	b.tell()
}

// SetCommand keeps c as the last command of scan and tells the watchers.
// Resume stands for running.
func (b *MemoryBus) SetCommand(ctx context.Context, scan harrier.ID, c harrier.Command) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.version++
	b.commands = slices.DeleteFunc(b.commands, func(o memoryCommand) bool { return o.scan == scan })
	b.commands = append(b.commands, memoryCommand{scan, c, b.version})
	b.tell()
	return nil
}

// WatchCommands calls follow with the last command of every scan that has one
// and then with each change, until ctx ends; it then returns ctx's error. Of
// several changes in quick succession only the last one may be seen.
func (b *MemoryBus) WatchCommands(ctx context.Context, follow func(scan harrier.ID, c harrier.Command)) error {
	seen := 0
	for {
		news, changed := b.commandsAfter(seen)
		for _, c := range news {
			follow(c.scan, c.command)
			seen = c.version
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

func (b *MemoryBus) commandsAfter(version int) ([]memoryCommand, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var news []memoryCommand
	for _, c := range b.commands {
		if c.version > version {
			news = append(news, c)
		}
	}
	return news, b.changed
}

// Beat tells the watchers that an engine lives. Nobody needs to listen.
func (b *MemoryBus) Beat(ctx context.Context, h harrier.Heartbeat) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, w := range b.watchers {
		select {
		case w <- h:
		default: // a watcher that is behind misses a beat: the next one comes soon
		}
	}
	return nil
}

// WatchBeats calls see with each heartbeat until ctx ends; it then returns
// ctx's error.
func (b *MemoryBus) WatchBeats(ctx context.Context, see func(harrier.Heartbeat)) error {
	beats := make(chan harrier.Heartbeat, 64)
	b.mu.Lock()
	b.serial++
	name := b.serial
	b.watchers[name] = beats
	b.mu.Unlock()
	defer func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.watchers, name)
	}()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case h := <-beats:
			see(h)
		}
	}
}

// AskDone asks the console for the hosts of a batch that it has completely, as
// Host.Name + "|" + Host.Addr. What was published before counts: the answer
// waits until that is consumed. It answers Unavailable when nobody serves.
func (b *MemoryBus) AskDone(ctx context.Context, scan harrier.ID, batch int) ([]string, error) {
	if err := b.consumed(ctx); err != nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the console has results to take in").Because(err)
	}
	b.mu.Lock()
	serve := b.serve
	b.mu.Unlock()
	if serve == nil {
		return nil, harrier.Errorf(harrier.Unavailable, "the console does not answer")
	}
	return serve(ctx, scan, batch)
}

// consumed waits until the results that are published by now are consumed.
func (b *MemoryBus) consumed(ctx context.Context) error {
	b.mu.Lock()
	waiting := map[resultName]bool{}
	for _, r := range b.results {
		waiting[nameOf(r)] = true
	}
	b.mu.Unlock()
	for {
		b.mu.Lock()
		there := slices.ContainsFunc(b.results, func(r harrier.Result) bool { return waiting[nameOf(r)] })
		changed := b.changed
		b.mu.Unlock()
		if !there {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// ServeDone answers AskDone with done until ctx ends; it then returns ctx's
// error.
func (b *MemoryBus) ServeDone(ctx context.Context, done func(ctx context.Context, scan harrier.ID, batch int) ([]string, error)) error {
	b.mu.Lock()
	b.serve = done
	b.mu.Unlock()
	<-ctx.Done()
	b.mu.Lock()
	b.serve = nil
	b.mu.Unlock()
	return ctx.Err()
}
