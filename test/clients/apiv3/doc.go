// Package apiv3 lets clients of the console API v3 drive a running console on
// live scans: a strict one written here, and the published Python client,
// unmodified, where HARRIER_RAPID7_CLIENT names a checkout of it
// (rapid7/vm-console-client-python), because no registry has it.
package apiv3
