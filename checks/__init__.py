"""Every letter, through the tools that judge mail in earnest: `python -m checks` prints one table."""
