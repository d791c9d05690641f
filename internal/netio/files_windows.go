package netio

// raiseFiles returns how many sockets the process may open. Windows has no
// limit of the kind.
func raiseFiles() int { return maxFiles * 2 }
