package insightvm_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/harrier-scan/harrier/internal/dialect/exchange/openapi"
	"github.com/harrier-scan/harrier/internal/dialect/insightvm"
)

// TestDescription: the description of the API has the routes that are served, and
// no others. That answers fit it is shown by TestExchanges.
func TestDescription(t *testing.T) {
	doc, err := openapi.Read(insightvm.Description())
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(insightvm.Patterns(), doc.Operations()); diff != "" {
		t.Errorf("operations (-routes +description):\n%s", diff)
	}
}
