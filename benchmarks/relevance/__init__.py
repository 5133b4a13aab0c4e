"""Ranking measured: our methods beside re-implemented baselines, on readers' saves and ratings."""
