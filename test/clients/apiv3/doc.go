// Package apiv3 lets clients of the console API v3 drive a running console on
// live scans: a strict one written here, and the published Python client
// vm-console-client, unmodified, which scripts/setup-test.sh installs.
package apiv3
