package nexpose

import (
	"fmt"
	"runtime"
	"strings"

	"github.com/harrier-scan/harrier"
)

// consoleCommands manage the console.
//
// Source: section 10.
func (a *api) consoleCommands() {
	a.add("ConsoleCommand", a.consoleCommand)
	a.add("Restart", a.restart)
	a.add("SendLog", func(*call) (answer, error) {
		return answer{}, harrier.Errorf(harrier.Forbidden, "this console sends its log to nobody")
	})
	a.add("StartUpdate", a.startUpdate)
	a.add("SystemInformation", a.systemInformation)
}

func operates(by harrier.Actor) error {
	if !by.May(harrier.OperateConsole) {
		return harrier.Errorf(harrier.Forbidden, "you may not manage the console")
	}
	return nil
}

func (a *api) consoleCommand(c *call) (answer, error) {
	if err := operates(c.by); err != nil {
		return answer{}, err
	}
	text := c.req.child("Command").content()
	if text == "" {
		return answer{}, harrier.Invalidf("Command", "is missing")
	}
	var said string
	switch strings.ToLower(strings.Join(strings.Fields(text), " ")) {
	case "ver", "version":
		said = a.versionText()
	case "version engines":
		engines, err := a.Fleet.Engines(c.ctx(), c.by)
		if err != nil {
			return answer{}, err
		}
		said = enginesText(engines)
	case "help", "?":
		said = "ver\nversion engines\nhelp\n"
	default:
		said = fmt.Sprintf("%s is not a command of this console. It knows: ver, version engines, help.\n", clip(text))
	}
	return list(func(o *out) { o.leaf("Output", said) }), nil
}

// apiGeneration is the version id that clients look for before they trust the
// API.
const apiGeneration = "490"

func (a *api) versionText() string {
	return "Harrier " + a.Version + "\nConsole Version ID: " + apiGeneration + "\nOS: " + runtime.GOOS + "\nArchitecture: " + runtime.GOARCH + "\n"
}

func enginesText(engines []harrier.Engine) string {
	var b strings.Builder
	b.WriteString("VERSION INFORMATION\n")
	for _, e := range engines {
		kind := "Remote Engine "
		if !e.Remote() {
			kind = "Local Engine  "
		}
		fmt.Fprintf(&b, "%sName: %s\nVersion: %s\nHost: %s\n\n", kind, e.Name, e.Version, e.Hostname)
	}
	return b.String()
}

func (a *api) systemInformation(c *call) (answer, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return list(func(o *out) {
		o.start("StatisticsInformationSummary")
		for _, s := range [][2]string{
			{"cpu-count", number(runtime.NumCPU())},
			{"nsc-name", "Harrier"},
			{"nsc-version", a.Version},
			{"os", runtime.GOOS + " " + runtime.GOARCH},
			{"ram-used", number(int64(m.Sys))}, //nolint:gosec // less than 2^63 bytes
			{"up-time", number(int64(a.Now().Sub(a.Started).Seconds()))},
			{"user-login", c.by.Name},
			{"last-update-id", a.Vulns.ContentVersion(c.ctx())},
		} {
			o.leaf("Statistic", s[1], "name", s[0])
		}
		o.end()
	}), nil
}

func (a *api) startUpdate(c *call) (answer, error) {
	if err := operates(c.by); err != nil {
		return answer{}, err
	}
	if a.UpdateContent == nil {
		return answer{}, harrier.Errorf(harrier.Conflict, "this console does not fetch content")
	}
	a.UpdateContent()
	return done(), nil
}

func (a *api) restart(c *call) (answer, error) {
	if err := operates(c.by); err != nil {
		return answer{}, err
	}
	if a.Restart == nil {
		return answer{}, harrier.Errorf(harrier.Conflict, "this console can not be restarted from here")
	}
	a.Restart()
	return done(), nil
}
