package console

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
)

// options are valid ones; tests break them.
func options() Options {
	return Options{
		Data: "d", Listen: []string{":8834"}, Engine: true, Idle: "30m", Drain: "10s", Redeliver: "30s", LogLevel: "info", LogFormat: "text",
	}
}

func TestConfig(t *testing.T) {
	c, err := options().Config()
	if err != nil {
		t.Fatal(err)
	}
	if c.DSN != filepath.Join("d", "harrier.db") || c.Idle != 30*time.Minute || c.Drain != 10*time.Second {
		t.Errorf("Config of the defaults = %+v", c)
	}
	for field, breakIt := range map[string]func(*Options){
		"data":            func(o *Options) { o.Data = "" },
		"listen":          func(o *Options) { o.Listen = []string{"8834"} },
		"bus_listen":      func(o *Options) { o.BusListen = ":70000" },
		"tls_cert":        func(o *Options) { o.TLSCert = "x" },
		"idle":            func(o *Options) { o.Idle = "-1s" },
		"drain":           func(o *Options) { o.Drain = "x" },
		"redeliver":       func(o *Options) { o.Redeliver = "0s" },
		"feed_update":     func(o *Options) { o.FeedUpdate = "5s" },
		"never":           func(o *Options) { o.Never = []string{"x"} },
		"fragile":         func(o *Options) { o.Fragile = []string{"10.0.0.0/99"} },
		"mail":            func(o *Options) { o.Mail = "gopher://mail" },
		"from":            func(o *Options) { o.MailFrom = "x y" },
		"survey_resolver": func(o *Options) { o.SurveyResolver = []string{"x"} },
		"survey_allow":    func(o *Options) { o.SurveyAllow = []string{"x"} },
		"survey_words":    func(o *Options) { o.SurveyWords = "no/such" },
		"survey_browser":  func(o *Options) { o.SurveyBrowser = "no/such" },
		"survey_source":   func(o *Options) { o.SurveySource = []string{"ct"} },
		"log_level":       func(o *Options) { o.LogLevel = "loud" },
		"log_format":      func(o *Options) { o.LogFormat = "xml" },
	} {
		o := options()
		breakIt(&o)
		_, err := o.Config()
		if harrier.KindOf(err) != harrier.Invalid || !strings.Contains(harrier.MessageOf(err), field+": ") {
			t.Errorf("Config with a bad %s = %v; want an Invalid error that names it", field, err)
		}
	}
}

func TestConfigNamesAllFaults(t *testing.T) {
	_, err := Options{}.Config()
	for _, field := range []string{"data", "listen", "idle", "drain", "redeliver", "log_format"} {
		if !strings.Contains(harrier.MessageOf(err), field+": ") {
			t.Errorf("Config of nothing = %v; want %s named", err, field)
		}
	}
	var e *harrier.Error
	if !errors.As(err, &e) {
		t.Errorf("Config = %T; want a harrier.Error", err)
	}
}

// TestOptionsTags keeps the three names of a setting together.
func TestOptionsTags(t *testing.T) {
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Options]()) {
		if f.Anonymous {
			continue
		}
		tag := f.Tag
		if key, env := tag.Get("json"), tag.Get("env"); key == "" || env != "HARRIER_"+strings.ToUpper(key) || tag.Get("help") == "" {
			t.Errorf("%s has key %q and variable %q; want all of json, env and help", f.Name, key, env)
		}
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.json")
	for in, want := range map[string]string{
		`{"data": "x", "listen": ["a", "b"], "engine": false, "nats_replicas": 3}`: "",
		`{"nats_replicas": "3"}`: "nats_replicas: must be a whole number",
		`{"nats_replicas": 1.5}`: "nats_replicas: must be a whole number",
		`{"data": 7, "nope": 1}`: "data: must be a text\nnope: is not a setting",
		`{"listen": "a"}`:        "listen: must be a list of texts",
		`{"listen": [1]}`:        "listen: must be a list of texts",
		`[]`:                     "config: " + path + " is not one JSON object",
		`{} {}`:                  "config: " + path + " is not one JSON object",
	} {
		if err := os.WriteFile(path, []byte(in), 0o600); err != nil {
			t.Fatal(err)
		}
		values, err := ReadFile(path)
		if want == "" {
			if err != nil || values["listen"] != "a,b" || values["engine"] != false {
				t.Errorf("ReadFile(%s) = %v, %v", in, values, err)
			}
		} else if harrier.MessageOf(err) != want {
			t.Errorf("ReadFile(%s) = %v; want %q", in, err, want)
		}
	}
}
