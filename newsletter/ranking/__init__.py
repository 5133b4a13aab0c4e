"""Which papers, in which order, and why: pure functions, arrays in and arrays out, nothing else read.

text (terms found in papers) -> relevance (evidence for each interest); archive (papers as vectors) -> nearness (to
what a reader named and judged) -> liking; trend (how hot now), prior (what may become hot) -> blend (one reader's
order) -> reasons (in words).
"""

MODEL_VERSION = "blend-2"
