package console

import (
	"net/http"
	"strings"

	"github.com/harrier-scan/harrier/internal/dialect/kit"
)

// openapi are the OpenAPI documents of the JSON dialects by the paths under
// which the console answers them, "/openapi/nessus.json", and "/openapi" with
// their list. They say what the program's documentation says, and need no
// sign-in.
type openapi map[string][]byte

func descriptions(dialects []kit.Dialect) openapi {
	type entry struct {
		Name string `json:"name"`
		Path string `json:"path"`
	}
	var list struct {
		Documents []entry `json:"documents"`
	}
	o := openapi{}
	for _, d := range dialects {
		if d.OpenAPI != nil {
			path := "/openapi/" + d.Name + ".json"
			o[path] = d.OpenAPI
			list.Documents = append(list.Documents, entry{d.Name, path})
		}
	}
	body, err := kit.Marshal(list)
	if err != nil {
		panic(err) // texts alone
	}
	o["/openapi"] = body
	return o
}

// answer answers r if it is for a document, and reports whether it was.
func (o openapi) answer(w http.ResponseWriter, r *http.Request) bool {
	if !strings.HasPrefix(r.URL.Path, "/openapi") {
		return false
	}
	body, ok := o[kit.CleanPath(r.URL.Path)]
	if !ok {
		return false
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		kit.WriteJSON(w, http.StatusMethodNotAllowed, []byte(`{"error":"this method is not allowed here"}`))
		return true
	}
	kit.WriteJSON(w, http.StatusOK, body)
	return true
}
