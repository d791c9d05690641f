package asset

import (
	"context"
	"net/netip"
	"testing"

	"github.com/harrier-scan/harrier"
	"github.com/harrier-scan/harrier/internal/store"
)

func TestRoom(t *testing.T) {
	db, err := store.Open(t.Context(), ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	a := harrier.Asset{Repository: harrier.DefaultRepository, Addr: netip.MustParseAddr("192.0.2.1")}
	if err := db.InsertAsset(t.Context(), &a); err != nil {
		t.Fatal(err)
	}
	service := harrier.Service{Endpoint: harrier.Endpoint{Protocol: harrier.TCP, Port: 22}, Name: "ssh"}
	if err := db.PutServices(t.Context(), a.ID, []harrier.Service{service}); err != nil {
		t.Fatal(err)
	}
	r := New(db, func(ctx context.Context, e harrier.Expr, p Page) ([]harrier.Asset, int, error) {
		return db.SearchAssets(ctx, e, store.Page{Sort: p.Sort, Desc: p.Desc, Limit: p.Limit, Offset: p.Offset})
	}, nil)
	for role, want := range map[harrier.Role]harrier.Kind{
		harrier.NoRole: harrier.Forbidden, harrier.CredentialManager: harrier.Forbidden, harrier.Viewer: harrier.Internal, harrier.Analyst: harrier.Internal,
		harrier.Administrator: harrier.Internal,
	} {
		by := harrier.Actor{User: 1, Permissions: role.Permissions()}
		got, errA := r.Asset(t.Context(), by, a.ID)
		_, errU := r.ByUUID(t.Context(), by, a.UUID)
		list, n, errL := r.Assets(t.Context(), by, nil, Page{Limit: 10})
		services, errS := r.Services(t.Context(), by, a.ID)
		for _, err := range []error{errA, errU, errL, errS} {
			if (err == nil) != (want == harrier.Internal) || err != nil && harrier.KindOf(err) != want {
				t.Errorf("%s: %v; want %s", role, err, want)
			}
		}
		if want == harrier.Internal && (got.Addr != a.Addr || len(list) != 1 || n != 1 || len(services) != 1 || services[0].Name != "ssh") {
			t.Errorf("%s: %+v, %d of %d assets, services %+v; want the one asset with ssh", role, got, len(list), n, services)
		}
	}
	admin := harrier.Actor{User: 1, Permissions: harrier.Administrator.Permissions()}
	if _, err := r.Services(t.Context(), admin, 99); harrier.KindOf(err) != harrier.NotFound {
		t.Errorf("Services(99) = %v; want NotFound", err)
	}
}
