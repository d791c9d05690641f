// Package exchange replays written conversations against a whole console in
// one process: real rooms, a real SQLite database, a bus in memory and a real
// engine. Only the network's far end is of the test's own making.
//
// A file holds prose and exchanges, each a request and the reply that it gets:
//
//	Launching answers at once with the uuid of the run.
//	-- POST /scans/<int:scan>/launch --
//	X-ApiKeys: accessKey=<access>; secretKey=<secret>
//
//	-- 200 --
//	Content-Type: application/json
//
//	{"scan_uuid":"<uuid:run>"}
//
// A section begins with header lines; an empty line, or the first line that is
// no header, begins the body, which ends at the next empty line: what follows is
// prose (two empty lines after headers: no body). A body of several lines that begins with { or [ stands for those lines
// joined without their indentation. Lines that begin with "|" are a body as it
// is, empty lines too; in a request they are joined by CRLF, in a reply by LF.
// A reply has at least the listed headers, "Name: -" says that there is none of
// that name, and its body must match from end to end.
//
// "<kind>" in a reply matches a value of that kind, "<kind:name>" matches one
// and keeps it, and "<name>" stands for a value that was kept before, in
// requests too. See kinds. A request "-- GET /x within 5s --" is repeated until
// its reply matches or the time is up.
package exchange
