package insightvm

import (
	"context"
	_ "embed"
	"encoding/json"

	"github.com/harrier-scan/harrier"
)

// openAPIPath is where the description of this API is.
const openAPIPath = "/vm/v4/integration/openapi.json"

//go:embed openapi.json
var description []byte

// openAPI answers with the description of this API, as an OpenAPI document.
func (a api) openAPI(context.Context, harrier.Actor, *query) (reply, error) {
	return reply{body: json.RawMessage(description)}, nil
}
