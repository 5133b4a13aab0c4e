"""Which papers, in which order, and why: pure functions, arrays in and arrays out, nothing else read.

text (terms found in papers) -> relevance (evidence for each interest) + trend (how hot now) -> blend
(one reader's order) -> reasons (in words).
"""

MODEL_VERSION = "lexical-1"
