# make test    everything, with the race detector, both databases, published clients and the testbed
# make lint    gofumpt, go vet, staticcheck, golangci-lint at pinned versions
# make build   a static binary in bin/
# make surface twenty discoveries of the little internet, all words: the same set each time
# make kill    fifty random kill -9 in the middle of scans
# make faults  two hundred random faults of engines, console and links in the middle of scans
# make bench   the figures in the documentation

TOOLS := $(CURDIR)/.cache/bin
GOFUMPT := mvdan.cc/gofumpt@v0.12.0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
GOLANGCI := github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

# SQLite is C turned into Go: it keeps its own order by its own locks, and with
# the race detector in it each query takes five times as long. What calls it is
# watched as everything is.
RACE := -race -gcflags=modernc.org/...=-race=false

.PHONY: test lint build kill faults surface bench fuzz tools setup

test: setup
	scripts/with-postgres.sh go test $(RACE) -shuffle=on -timeout 20m ./...
	go test -run 'TestWalk|TestOrderDoesNotMatter|TestRematchAgrees|TestLeases$$' ./internal/finding
	go test -run 'TestTimeoutActions|TestTimeLimit|TestFreeze|TestContinue|TestInactivity' ./internal/scan
	go test -run 'TestHostile' ./internal/dialect/nexpose
	scripts/with-postgres.sh go test -run 'Test(SQLiteFile|Postgres|ViewOver.*)/the_search_language' ./internal/store

setup:
	scripts/setup-test.sh

lint: tools
	@unformatted="$$($(TOOLS)/gofumpt -l .)"; if [ -n "$$unformatted" ]; then echo "not formatted (gofumpt -w .):"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	$(TOOLS)/staticcheck ./...
	$(TOOLS)/golangci-lint run ./...

tools: $(TOOLS)/gofumpt-v0.12.0 $(TOOLS)/staticcheck-v0.8.2 $(TOOLS)/golangci-lint-v2.15.0

$(TOOLS)/gofumpt-v0.12.0:
	GOBIN=$(TOOLS) go install $(GOFUMPT)
	@touch $@

$(TOOLS)/staticcheck-v0.8.2:
	GOBIN=$(TOOLS) go install $(STATICCHECK)
	@touch $@

$(TOOLS)/golangci-lint-v2.15.0:
	GOBIN=$(TOOLS) go install $(GOLANGCI)
	@touch $@

build:
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o bin/harrier ./cmd/harrier

faults:
	HARRIER_FAULTS=200 go test -count=1 -timeout 60m -v -run TestFaults ./test/engines
	HARRIER_FAULTS=40 HARRIER_IN_HAND=8 go test -count=1 -timeout 60m -v -run TestFaults ./test/engines

surface:
	HARRIER_SURFACE_RUNS=20 go test -count=1 -timeout 30m -v -run TestDiscover ./test/surface

kill:
	HARRIER_KILLS=50 go test -count=1 -timeout 60m -v -run TestKill ./test/kill

bench:
	go test -run '^$$' -bench . -benchtime 2s ./internal/...

fuzz:
	scripts/fuzz.sh
