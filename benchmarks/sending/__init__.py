"""The parts of the delivery benchmark: made-up digests, sinks, senders of several kinds, ratios of their times."""
