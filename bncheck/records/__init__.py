"""What came out: the record of a run, as JSON."""
