"""What is sent, when and how. The path of a paper:

    sources/ -> fetch -> pick -> render -> send -> inbox

Each step is one file: pure functions that decide, and one `run` that acts. `schedule` says who is due,
`ledger` keeps the state of every delivery, `cli` is the door. Imports only go down (tests/test_layout.py).
"""

__version__ = "0.1.0"
