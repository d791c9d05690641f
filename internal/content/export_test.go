package content

// ReadBuiltin is a Builtin that has not been asked yet.
var ReadBuiltin = readBuiltin
