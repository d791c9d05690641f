package console

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/surface"
)

// Options are the settings of a console as an operator writes them: in a JSON
// file, in the environment or as flags. The tags are those of the command line
// (kong) and of the file. Config turns them into a Config.
type Options struct {
	Data            string   `json:"data" default:"harrier-data" env:"HARRIER_DATA" placeholder:"DIR" help:"Folder for the database, certificates, reports and the queue."`
	Database        string   `json:"database" env:"HARRIER_DATABASE" placeholder:"ADDRESS" help:"postgres:// address, or an SQLite file; harrier.db in the data folder when empty."`
	Listen          []string `json:"listen" default:":3780,:8834" env:"HARRIER_LISTEN" placeholder:"ADDR" help:"HTTPS addresses; every API answers on each. Add :443 if you like."`
	Host            []string `json:"host" env:"HARRIER_HOST" placeholder:"NAME" help:"More names and addresses for the own certificate."`
	Proxy           []string `json:"proxy" env:"HARRIER_PROXY" placeholder:"NET" help:"Nets of proxies in front of the console whose X-Forwarded-Host, -Port, -Proto and -For are believed; none when empty."`
	TLSCert         string   `json:"tls_cert" name:"tls-cert" env:"HARRIER_TLS_CERT" placeholder:"FILE" help:"Certificate chain of your own, in PEM."`
	TLSKey          string   `json:"tls_key" name:"tls-key" env:"HARRIER_TLS_KEY" placeholder:"FILE" help:"Its key, in PEM."`
	Engine          bool     `json:"engine" default:"true" negatable:"" env:"HARRIER_ENGINE" help:"Run an engine inside the console."`
	BusListen       string   `json:"bus_listen" env:"HARRIER_BUS_LISTEN" placeholder:"ADDR" help:"Let engines elsewhere join at this address, such as :40815."`
	NATS            string   `json:"nats" name:"nats" env:"HARRIER_NATS" placeholder:"URL" help:"Addresses of a NATS cluster with JetStream, instead of the built-in server."`
	NATSCredentials string   `json:"nats_credentials" name:"nats-credentials" env:"HARRIER_NATS_CREDENTIALS" placeholder:"FILE" help:"Its user, as a .creds file."`
	NATSCA          string   `json:"nats_ca" name:"nats-ca" env:"HARRIER_NATS_CA" placeholder:"FILE" help:"Authority that signed its certificates, in PEM; the system's when empty."`
	NATSReplicas    int      `json:"nats_replicas" name:"nats-replicas" default:"1" env:"HARRIER_NATS_REPLICAS" placeholder:"N" help:"Servers of the cluster that keep each message."`
	Idle            string   `json:"idle" default:"30m" env:"HARRIER_IDLE" placeholder:"TIME" help:"End a session after this time without use."`
	Drain           string   `json:"drain" default:"10s" env:"HARRIER_DRAIN" placeholder:"TIME" help:"How long requests may finish at the end."`
	Redeliver       string   `json:"redeliver" default:"30s" env:"HARRIER_REDELIVER" placeholder:"TIME" help:"Give a batch to another engine after this time without a sign of life."`
	Never           []string `json:"never" env:"HARRIER_NEVER" placeholder:"NET" help:"Guard rule: nets that are never scanned, added to the stored rules."`
	Fragile         []string `json:"fragile" env:"HARRIER_FRAGILE" placeholder:"NET" help:"Guard rule: nets that are only scanned gently, added to the stored rules."`
	Flight          string   `json:"flight" env:"HARRIER_FLIGHT" placeholder:"DIR" help:"Folder for the records of what was sent to which address; flight in the data folder when empty, none for none."`
	FeedUpdate      string   `json:"feed_update" env:"HARRIER_FEED_UPDATE" placeholder:"TIME" help:"Update the content from its publishers at this interval, such as 24h; never when empty."`
	Mail            string   `json:"mail" env:"HARRIER_MAIL" placeholder:"ADDRESS" help:"Mail server: smtp://, smtp+starttls:// or smtps:// with user:password@host:port; the stored settings when empty."`
	MailFrom        string   `json:"mail_from" env:"HARRIER_MAIL_FROM" placeholder:"ADDRESS" help:"Sender of mail."`
	MailLink        string   `json:"mail_link" env:"HARRIER_MAIL_LINK" placeholder:"URL" help:"Address of this console that mail names."`
	LogLevel        string   `json:"log_level" default:"info" env:"HARRIER_LOG_LEVEL" placeholder:"LEVEL" help:"debug, info, warn or error."`
	LogFormat       string   `json:"log_format" default:"text" env:"HARRIER_LOG_FORMAT" placeholder:"FORMAT" help:"text or json."`
	SurveyOptions
}

// Config is how a console runs: Options, read and checked.
type Config struct {
	Options
	DSN        string // of the database
	Idle       time.Duration
	Drain      time.Duration
	Redeliver  time.Duration
	FeedUpdate time.Duration // 0 for never
	Proxies    []netip.Prefix
	Mail       harrier.MailSettings
	Guard      harrier.Guard
	Survey     surface.Options
	LogLevel   slog.Level
}

// Config reads and checks the options. It answers one Invalid error that names
// every fault.
func (o Options) Config() (Config, error) {
	c := Config{Options: o, DSN: o.Database}
	var faults []error
	fault := func(field, format string, args ...any) {
		faults = append(faults, harrier.Invalidf(field, format, args...))
	}
	if o.Data == "" {
		fault("data", "must name a folder")
	}
	if c.DSN == "" {
		c.DSN = filepath.Join(o.Data, "harrier.db")
	}
	if len(o.Listen) == 0 {
		fault("listen", "needs at least one address")
	}
	for _, addr := range o.Listen {
		if err := checkListen(addr); err != nil {
			fault("listen", "%s", err)
		}
	}
	if o.BusListen != "" {
		if err := checkListen(o.BusListen); err != nil {
			fault("bus_listen", "%s", err)
		}
	}
	if o.NATS != "" && (o.NATSReplicas < 1 || o.NATSReplicas > 5) {
		fault("nats_replicas", "%d is not between 1 and 5", o.NATSReplicas)
	}
	if (o.TLSCert == "") != (o.TLSKey == "") {
		fault("tls_cert", "goes together with tls_key")
	}
	for _, f := range []struct{ field, path string }{{"tls_cert", o.TLSCert}, {"tls_key", o.TLSKey}, {"nats_credentials", o.NATSCredentials}, {"nats_ca", o.NATSCA}} {
		if _, err := os.Stat(f.path); f.path != "" && err != nil {
			fault(f.field, "%s can not be read", f.path)
		}
	}
	for _, d := range []struct {
		field, text string
		to          *time.Duration
	}{{"idle", o.Idle, &c.Idle}, {"drain", o.Drain, &c.Drain}, {"redeliver", o.Redeliver, &c.Redeliver}} {
		v, err := time.ParseDuration(d.text)
		if err != nil || v <= 0 {
			fault(d.field, "%q is not a time such as 30s or 10m", d.text)
		}
		*d.to = v
	}
	var err error
	if o.FeedUpdate != "" {
		if c.FeedUpdate, err = time.ParseDuration(o.FeedUpdate); err != nil || c.FeedUpdate < 10*time.Minute {
			fault("feed_update", "%q is not a time of at least 10m", o.FeedUpdate)
		}
	}
	if c.Guard.Never, err = harrier.ParsePrefixes("never", o.Never); err != nil {
		faults = append(faults, err)
	}
	if c.Guard.Fragile, err = harrier.ParsePrefixes("fragile", o.Fragile); err != nil {
		faults = append(faults, err)
	}
	if c.Proxies, err = harrier.ParsePrefixes("proxy", o.Proxy); err != nil {
		faults = append(faults, err)
	}
	if c.Mail, err = mailSettings(o.Mail, o.MailFrom, o.MailLink); err != nil {
		faults = append(faults, err)
	}
	if c.Survey, err = o.SurveyOptions.Survey(); err != nil {
		faults = append(faults, err)
	}
	if err := c.LogLevel.UnmarshalText([]byte(o.LogLevel)); err != nil {
		fault("log_level", "%q is none of debug, info, warn, error", o.LogLevel)
	}
	if o.LogFormat != "text" && o.LogFormat != "json" {
		fault("log_format", "%q is neither text nor json", o.LogFormat)
	}
	return c, together(faults)
}

// together makes one Invalid error of several.
func together(faults []error) error {
	if len(faults) == 0 {
		return nil
	}
	lines := make([]string, len(faults))
	for i, f := range faults {
		lines[i] = harrier.MessageOf(f)
	}
	return harrier.Errorf(harrier.Invalid, "%s", strings.Join(lines, "\n")).Because(errors.Join(faults...))
}

func checkListen(addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not an address such as :8834 or 127.0.0.1:8834", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%q has no port between 0 and 65535", addr)
	}
	return nil
}

// Logger returns the log that c asks for, written to standard error.
func (c Config) Logger() *slog.Logger {
	opts := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, opts))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, opts))
}
