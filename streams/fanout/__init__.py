"""Fan-outs: one business event, one run of a schedule or one release, taken to every customer, paced and once."""
