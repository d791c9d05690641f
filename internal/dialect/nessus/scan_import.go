package nessus

import (
	"cmp"
	"context"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/dialect/kit"
	nessusfile "github.com/harrier-scan/harrier/internal/format/nessus"
)

// importReply is the answer of POST /scans/import.
type importReply struct {
	Scan scanItem `json:"scan"`
}

// importScan takes the results of a .nessus file over as a new scan. Plugins
// that are not known here are learnt from the file.
func (a api) importScan(ctx context.Context, by harrier.Actor, q importRequest) (importReply, error) {
	head, err := a.readHead(ctx, by, q)
	if err != nil {
		return importReply{}, err
	}
	if head.Report == "" {
		return importReply{}, harrier.Invalidf("file", "has no results: it is a policy")
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
		Started: kit.NessusTime(head.Policy, "scan_start_timestamp"), Ended: kit.NessusTime(head.Policy, "scan_end_timestamp"),
	}
	if _, err = a.ImportNessus(ctx, by, &s, said, f); err != nil {
		if undo := a.Policies.Delete(context.WithoutCancel(ctx), by, p.ID); undo != nil {
			a.Log.ErrorContext(ctx, "private policy left over", "policy", p.ID, "err", undo)
		}
		return importReply{}, err
	}
	item, err := a.item(ctx, by, s)
	return importReply{item}, err
}

// readHead reads what a file says of itself.
func (a api) readHead(ctx context.Context, by harrier.Actor, q importRequest) (nessusfile.Header, error) {
	f, err := a.openUpload(ctx, by, q)
	if err != nil {
		return nessusfile.Header{}, err
	}
	defer func() { _ = f.Close() }() // it was only read
	return kit.NessusHead(f)
}
