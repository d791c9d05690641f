package nessus

import (
	"testing"
	"time"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

var testNow = time.Date(2030, 1, 7, 9, 41, 3, 0, time.UTC)

func TestSchedule(t *testing.T) {
	weekly := harrier.Schedule{Enabled: true, Start: "20300107T093000", Rule: "FREQ=WEEKLY;INTERVAL=1", Timezone: "UTC"}
	for _, c := range []struct {
		have  harrier.Schedule
		given string
		want  harrier.Schedule
	}{
		{harrier.Schedule{}, `{}`, harrier.Schedule{}},
		{weekly, `{}`, weekly},
		{weekly, `{"enabled":false}`, harrier.Schedule{Start: weekly.Start, Rule: weekly.Rule, Timezone: "UTC"}},
		{weekly, `{"launch":"ON_DEMAND"}`, harrier.Schedule{Timezone: "UTC"}},
		{harrier.Schedule{}, `{"launch":"daily"}`, harrier.Schedule{Enabled: true, Start: "20300107T100000", Rule: "FREQ=DAILY;INTERVAL=1"}},
		{harrier.Schedule{}, `{"launch":"ONETIME","timezone":"Europe/Berlin"}`, harrier.Schedule{Enabled: true, Start: "20300107T110000", Rule: "FREQ=ONETIME", Timezone: "Europe/Berlin"}},
		{harrier.Schedule{}, `{"launch":"DAILY","enabled":"no","starttime":"20300108T000000"}`, harrier.Schedule{Start: "20300108T000000", Rule: "FREQ=DAILY;INTERVAL=1"}},
		{harrier.Schedule{}, `{"enabled":true}`, harrier.Schedule{}},
	} {
		var q scanSettings
		if err := kit.Fill(raws(t, c.given), &q); err != nil {
			t.Fatal(err)
		}
		got := c.have
		if err := q.schedule(&got, testNow); err != nil || got != c.want {
			t.Errorf("schedule(%s) = %+v, %v; want %+v", c.given, got, err, c.want)
		}
	}
}

func TestPortKey(t *testing.T) {
	for want, o := range map[string]harrier.Observation{
		"0 / tcp / ":       {},
		"80 / tcp / www":   {Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 80}, Service: "http"},
		"99 / udp / ":      {Endpoint: harrier.Endpoint{Protocol: harrier.UDP, Port: 99}},
		"0 / icmp / ":      {Endpoint: harrier.Endpoint{Protocol: harrier.ICMP}},
		"22 / tcp / ssh":   {Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 22}, Service: "ssh"},
		"445 / tcp / cifs": {Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 445}, Service: "smb"},
	} {
		if got := portKey(o); got != want {
			t.Errorf("portKey(%+v) = %q; want %q", o, got, want)
		}
	}
}
