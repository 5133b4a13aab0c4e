"""The figures of a replay: hits against later thumbs, topics covered, variety, trending slots, repeats."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from newsletter.replay import Digest


@dataclass
class Share:
    """In how many digests of readers who follow a topic it appears."""

    part: int = 0
    whole: int = 0

    def add(self, *, there: bool) -> None:
        self.part += there
        self.whole += 1


@dataclass
class Figures:
    """Adds up digests as they come; nothing of them is kept but sums, and which liked papers were picked.

    Only thumbs given after a digest's instant count in it as truth.
    """

    digests: int = 0
    quiet: int = 0
    picks: int = 0
    trending: int = 0
    repeats: int = 0
    subjects: int = 0
    later_liked: int = 0
    later_disliked: int = 0
    liked_ranks: int = 0
    topics: dict[str, Share] = field(default_factory=lambda: defaultdict(Share))
    _likeable: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, digest: Digest) -> None:
        """Count one digest in."""
        if digest.liked:
            self._likeable[digest.reader] |= digest.liked
        if not digest.picks:
            self.quiet += 1
            return
        self.digests += 1
        self.picks += len(digest.picks)
        self.trending += sum(each.trending for each in digest.picks)
        self.repeats += digest.repeats
        self.subjects += digest.subjects
        self.later_disliked += sum(each.later < 0 for each in digest.picks)
        liked = [each.rank for each in digest.picks if each.later > 0]
        self.later_liked += len(liked)
        self.liked_ranks += sum(liked)
        for name, there in digest.topics.items():
            self.topics[name].add(there=there)

    def summary(self) -> dict[str, Any]:
        """All figures, JSON ready; null where there is nothing to divide by."""
        likeable = sum(map(len, self._likeable.values()))
        followed = self.topics.values()
        return {
            "digests": self.digests,
            "quiet": self.quiet,
            "picks": self.picks,
            "picks_per_digest": _rounded(self.picks, self.digests),
            "hits": {
                "liked": self.later_liked,
                "disliked": self.later_disliked,
                "liked_share": _rounded(self.later_liked, self.picks),
                "disliked_share": _rounded(self.later_disliked, self.picks),
                "likeable": likeable,
                "found_share": _rounded(self.later_liked, likeable),
                "mean_rank": _rounded(self.liked_ranks, self.later_liked),
            },
            "coverage": _rounded(sum(each.part for each in followed), sum(each.whole for each in followed)),
            "topics": [
                {"name": name, "digests": share.whole, "share": _rounded(share.part, share.whole)}
                for name, share in sorted(self.topics.items())
            ],
            "subjects_per_digest": _rounded(self.subjects, self.digests),
            "trending_share": _rounded(self.trending, self.picks),
            "repeats": self.repeats,
        }


def _rounded(part: float, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
