package nessus

import (
	"cmp"
	"context"
	"errors"
	"io"
	"iter"
	"strconv"
	"time"

	"github.com/harrier-scan/harrier"
	nessusfile "github.com/harrier-scan/harrier/internal/format/nessus"
	"github.com/harrier-scan/harrier/internal/scan"
)

// importReply is the answer of POST /scans/import.
type importReply struct {
	Scan scanItem `json:"scan"`
}

// importScan takes the results of a .nessus file over as a new scan. Plugins
// that are not known here are learnt from the file.
func (a api) importScan(ctx context.Context, by harrier.Actor, q importRequest) (importReply, error) {
	head, learnt, err := a.readImport(ctx, by, q)
	if err != nil {
		return importReply{}, err
	}
	if head.Report == "" {
		return importReply{}, harrier.Invalidf("file", "has no results: it is a policy")
	}
	if err := a.Vulns.Learn(ctx, learnt); err != nil {
		return importReply{}, err
	}
	f, err := a.openUpload(ctx, by, q)
	if err != nil {
		return importReply{}, err
	}
	defer func() { _ = f.Close() }() // it was only read

	p := a.policyOf(ctx, head.Policy)
	p.Hidden = true
	p.Name = cmp.Or(p.Name, head.Report)
	if err := a.Policies.Create(ctx, by, &p); err != nil {
		return importReply{}, err
	}
	s := harrier.Site{Name: head.Report, Folder: harrier.MyScans, Repository: harrier.DefaultRepository, Policy: p.ID}
	if q.Folder != nil {
		s.Folder = harrier.ID(*q.Folder)
	}
	said := harrier.Scan{
		Name: head.Report, Targets: head.Policy.Preferences["TARGET"], PolicyID: p.ID, PolicyName: p.Name, Template: p.Template,
		Plan:    harrier.Plan{Settings: p.Settings},
		Started: stamp(head.Policy, "scan_start_timestamp"), Ended: stamp(head.Policy, "scan_end_timestamp"),
	}
	if _, err = a.Scans.Import(ctx, by, &s, said, importedHosts(f)); err != nil {
		if undo := a.Policies.Delete(context.WithoutCancel(ctx), by, p.ID); undo != nil {
			a.Log.ErrorContext(ctx, "private policy left over", "policy", p.ID, "err", undo)
		}
		return importReply{}, err
	}
	item, err := a.item(ctx, by, s)
	return importReply{item}, err
}

// readImport reads the whole file once, to find its faults before anything is
// stored, and returns what it says of itself and of plugins.
func (a api) readImport(ctx context.Context, by harrier.Actor, q importRequest) (nessusfile.Header, []harrier.Vulnerability, error) {
	f, err := a.openUpload(ctx, by, q)
	if err != nil {
		return nessusfile.Header{}, nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	var head nessusfile.Header
	known := map[harrier.VulnID]bool{}
	var learnt []harrier.Vulnerability
	err = nessusfile.Read(f, func(h nessusfile.Header) error {
		head = h
		return nil
	}, func(h nessusfile.ReadHost) error {
		for _, r := range h.Results {
			if _, found := a.Vulns.Lookup(r.Vulnerability); !found && !known[r.Vulnerability] {
				known[r.Vulnerability] = true
				learnt = append(learnt, r.Definition)
			}
		}
		return ctx.Err()
	})
	return head, learnt, err
}

func stamp(p nessusfile.Policy, name string) time.Time {
	n, err := strconv.ParseInt(p.Preferences[name], 10, 64)
	if err != nil || n <= 0 || n > 1<<40 {
		return time.Time{}
	}
	return time.Unix(n, 0).UTC()
}

var errStopped = errors.New("no more hosts are wanted")

// importedHosts yields the hosts of a file as it is read.
func importedHosts(f io.Reader) iter.Seq2[scan.Imported, error] {
	return func(yield func(scan.Imported, error) bool) {
		err := nessusfile.Read(f, func(nessusfile.Header) error { return nil }, func(h nessusfile.ReadHost) error {
			if !yield(importedHost(h), nil) {
				return errStopped
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(scan.Imported{}, err)
		}
	}
}

func importedHost(h nessusfile.ReadHost) scan.Imported {
	out := scan.Imported{Host: h.Host, Severity: map[harrier.VulnID]harrier.Severity{}}
	for _, r := range h.Results {
		out.Observations = append(out.Observations, r.Observation)
		out.Severity[r.Vulnerability] = max(out.Severity[r.Vulnerability], r.Severity)
	}
	return out
}
