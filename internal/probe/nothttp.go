package probe

// isForeignHTTP reports that a server of another protocol tells in HTTP that it
// does not speak HTTP.
func isForeignHTTP(b []byte) bool {
	return isHadoop(b) || isClickHouseRefusal(b) || isMongoRefusal(b)
}
