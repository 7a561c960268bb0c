"""Places and weather on their topics: read to the end before anything is decided, then followed."""
