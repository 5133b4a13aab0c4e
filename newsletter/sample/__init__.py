"""The papers that the demo and the README show: a JSON line each, votes made up, marked as a sample."""
