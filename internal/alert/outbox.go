package alert

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/sync/errgroup"

	"github.com/harrier-scan/harrier"
)

// letter is the body of a delivery by mail.
type letter struct {
	To          string               `json:"to"`
	Subject     string               `json:"subject"`
	Text        string               `json:"text"`
	HTML        string               `json:"html,omitempty"`
	Attachments []harrier.Attachment `json:"attachments,omitempty"`
}

// Bounds of a mail.
const (
	maxSubject     = 250     // runes
	maxText        = 4 << 20 // bytes, of Text and of HTML
	maxAttachments = 20
	maxTo          = 500
)

// Send stores m in the outbox, one message for each recipient, within the
// transaction of ctx when there is one; it is delivered in the background.
// Recipients that are no mail addresses and attachments that are not below the
// data folder are left out and logged: what tells must not fail because of
// whom it tells. Only the store's errors are answered.
func (r *Room) Send(ctx context.Context, m harrier.Mail) error { return r.mail(ctx, 0, m) }

// mail is Send on behalf of owner, who hears when a message is given up.
func (r *Room) mail(ctx context.Context, owner harrier.ID, m harrier.Mail) error {
	to := r.recipients(ctx, m)
	l := letter{Subject: oneLine(m.Subject, maxSubject), Text: bounded(m.Text, maxText), HTML: m.HTML, Attachments: r.attachments(ctx, m)}
	if len(l.HTML) > maxText {
		l.HTML = "" // half a page is none; the text has it all
	}
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		for _, address := range to {
			l.To = address
			key := ""
			if m.Key != "" {
				key = "mail " + strings.ToLower(address) + " " + m.Key
			}
			if err := r.put(ctx, harrier.Delivery{Channel: harrier.ByMail, Key: key, About: m.About, Owner: owner}, l); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Room) recipients(ctx context.Context, m harrier.Mail) []string {
	var out []string
	for _, text := range m.To {
		list, err := harrier.ParseAddresses("to", text)
		if err != nil {
			r.Log.WarnContext(ctx, "recipient left out", "about", m.About, "err", err)
			continue
		}
		for _, a := range list {
			if !slices.ContainsFunc(out, func(b string) bool { return strings.EqualFold(a, b) }) {
				out = append(out, a)
			}
		}
	}
	if len(out) > maxTo {
		r.Log.WarnContext(ctx, "too many recipients", "about", m.About, "given", len(out), "told", maxTo)
		out = out[:maxTo]
	}
	return out
}

func (r *Room) attachments(ctx context.Context, m harrier.Mail) []harrier.Attachment {
	var out []harrier.Attachment
	for _, a := range m.Attachments {
		if !filepath.IsLocal(a.Path) || len(out) == maxAttachments {
			r.Log.WarnContext(ctx, "attachment left out", "about", m.About, "path", a.Path)
			continue
		}
		if _, _, err := mime.ParseMediaType(a.Type); err != nil {
			a.Type = "application/octet-stream"
		}
		if a.Name = fileName(a.Name); a.Name == "" {
			a.Name = fileName(filepath.Base(a.Path))
		}
		out = append(out, a)
	}
	return out
}

// put stores a message. One with a key that is there already is dropped.
func (r *Room) put(ctx context.Context, d harrier.Delivery, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	now := r.now()
	d.Body, d.UUID, d.State, d.Created, d.Next = string(text), harrier.NewUUID(now), harrier.DeliveryWaits, now, now
	err = r.Store.InsertDelivery(ctx, &d)
	if is(err, harrier.Conflict) {
		return nil
	}
	return err
}

// oneLine is s without line ends and other controls, most runes of it.
func oneLine(s string, most int) string {
	s = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, "\uFFFD"), func(c rune) bool { return unicode.IsControl(c) || c == '\u2028' || c == '\u2029' }), " ")
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most-1]) + "…"
	}
	return s
}

func bounded(s string, most int) string {
	if s = strings.ToValidUTF8(s, "\uFFFD"); len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "\n…\n"
	}
	return s
}

// fileName is a name that no mail program minds.
func fileName(s string) string {
	s = strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || strings.ContainsRune(`/\:*?"<>|`, c) {
			return '_'
		}
		return c
	}, oneLine(s, 120))
	return strings.TrimLeft(s, ".")
}

// How deliveries are tried. The wait doubles from firstWait to longestWait.
const (
	firstWait   = time.Minute
	longestWait = 4 * time.Hour
	giveUpAfter = 72 * time.Hour
	oneTry      = time.Minute // most time for one
	atOnce      = 4           // deliveries of one channel at a time
	dueAtOnce   = 32
)

// waitAfter is how long a message waits after n tries.
func waitAfter(n int) time.Duration {
	wait := firstWait
	for ; n > 1 && wait < longestWait; n-- {
		wait *= 2
	}
	return min(wait, longestWait)
}

// refused is an error that no other try can mend.
type refused struct{ error }

// Unwrap returns what was refused.
func (e refused) Unwrap() error { return e.error }

// deliverDue tries the messages of a channel whose time has come, until none
// is left.
func (r *Room) deliverDue(ctx context.Context, c harrier.Channel) error {
	for ctx.Err() == nil {
		due, err := r.Store.DueDeliveries(ctx, c, r.now(), dueAtOnce)
		if err != nil || len(due) == 0 {
			return err
		}
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(atOnce)
		for _, d := range due {
			g.Go(func() error { return r.try(gctx, d) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// try delivers a message once and stores how that went. It answers errors of
// the store only.
func (r *Room) try(ctx context.Context, d harrier.Delivery) error {
	if d.Channel == harrier.ByLaunch {
		return r.tryLaunch(ctx, d)
	}
	limited, done := context.WithTimeout(ctx, oneTry)
	err := r.deliver(limited, d)
	done()
	if err != nil && ctx.Err() != nil {
		return nil //nolint:nilerr // cut short by the end of Run: it is tried again at the next start
	}
	// What was delivered is noted even while the console ends.
	return r.tried(context.WithoutCancel(ctx), d, err)
}

// deliver hands a message to whom it is for.
func (r *Room) deliver(ctx context.Context, d harrier.Delivery) (err error) {
	defer func() {
		if fault := recover(); fault != nil { // in what a message holds: this one is given up, others go on
			err = refused{fmt.Errorf("deliver: %v", fault)}
		}
	}()
	switch d.Channel {
	case harrier.ByMail:
		return deliverAs(ctx, d, r.deliverMail)
	case harrier.BySyslog:
		return deliverAs(ctx, d, r.deliverSyslog)
	case harrier.ByTrap:
		return deliverAs(ctx, d, r.deliverTrap)
	case harrier.ByWebhook:
		return deliverAs(ctx, d, r.deliverWebhook)
	default:
		return refused{fmt.Errorf("there is no channel %q", d.Channel)}
	}
}

func deliverAs[T any](ctx context.Context, d harrier.Delivery, deliver func(context.Context, harrier.Delivery, T) error) error {
	var body T
	if err := json.Unmarshal([]byte(d.Body), &body); err != nil {
		return refused{fmt.Errorf("read message: %w", err)}
	}
	return deliver(ctx, d, body)
}

// tried stores how a try went: the message is delivered, waits for another
// try, or is given up and its owner told.
func (r *Room) tried(ctx context.Context, d harrier.Delivery, fault error) error {
	now := r.now()
	d.Tries++
	if fault == nil {
		d.State, d.Ended, d.Error = harrier.Delivered, now, ""
		return r.Store.UpdateDelivery(ctx, &d)
	}
	d.Error = oneLine(fault.Error(), 1000)
	d.Next = now.Add(waitAfter(d.Tries))
	var over refused
	if !errors.As(fault, &over) && d.Next.Sub(d.Created) < giveUpAfter {
		r.Log.WarnContext(ctx, "message not delivered yet", "delivery", d.ID, "channel", d.Channel, "about", d.About, "tries", d.Tries, "next", d.Next, "err", fault)
		return r.Store.UpdateDelivery(ctx, &d)
	}
	d.State, d.Ended = harrier.DeliveryOver, now
	r.Log.ErrorContext(ctx, "message given up", "delivery", d.ID, "channel", d.Channel, "about", d.About, "tries", d.Tries, "err", fault)
	return r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := r.Store.UpdateDelivery(ctx, &d); err != nil {
			return err
		}
		if d.Owner == 0 {
			return nil
		}
		return r.Store.InsertNotification(ctx, &harrier.Notification{
			User: d.Owner, By: harrier.System.Name, Kind: string(d.Channel), Action: "given up", Object: d.ID, Name: d.About, At: now,
			Text: fmt.Sprintf("A message by %s about %s was given up after %d tries: %s", d.Channel, orSome(d.About), d.Tries, d.Error),
		})
	})
}

func orSome(s string) string {
	if s == "" {
		return "something"
	}
	return s
}

// launching is the body of what an action launches.
type launching struct {
	Kind   harrier.ActionKind `json:"kind"`
	Object harrier.ID         `json:"object"`
	User   harrier.ID         `json:"user"`
}

// tryLaunch launches what an alert asks for, and notes so in the same
// transaction: it happens once.
func (r *Room) tryLaunch(ctx context.Context, d harrier.Delivery) error {
	var body launching
	launch := func(ctx context.Context) error {
		if err := json.Unmarshal([]byte(d.Body), &body); err != nil {
			return refused{err}
		}
		do := map[harrier.ActionKind]Launch{harrier.LaunchReport: r.LaunchReport, harrier.LaunchScan: r.LaunchScan}[body.Kind]
		if do == nil {
			return refused{fmt.Errorf("no %s can be launched here", body.Kind)}
		}
		by, err := r.People.ActorOf(ctx, body.User, via)
		if err == nil {
			err = do(ctx, by, body.Object)
		}
		switch harrier.KindOf(err) {
		case harrier.NotFound, harrier.Forbidden, harrier.Invalid, harrier.Unauthenticated:
			if err != nil {
				return refused{err}
			}
		default:
		}
		return err
	}
	err := r.Store.InTx(ctx, func(ctx context.Context) error {
		if err := launch(ctx); err != nil {
			return err
		}
		return r.tried(ctx, d, nil)
	})
	if err != nil && ctx.Err() == nil {
		err = r.tried(ctx, d, err)
	}
	if ctx.Err() != nil { // the next start goes on with it
		err = nil
	}
	return err
}

// Outbox lists the messages of the last days for those who operate the console,
// without what they say. It answers Forbidden to others.
func (r *Room) Outbox(ctx context.Context, by harrier.Actor) ([]harrier.Delivery, error) {
	if !by.May(harrier.OperateConsole) {
		return nil, harrier.Errorf(harrier.Forbidden, "you may not see the outbox")
	}
	list, err := r.Store.Deliveries(ctx)
	for i := range list {
		list[i].Body = ""
	}
	return list, err
}
