"""A broker, a Redis and a mailbox on this machine, for the demo, the tests and the curious."""
