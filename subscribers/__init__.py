"""Who receives: people, their topics and preferences, their consent, and who must never be mailed.

Knows nothing of papers, templates, SMTP or the web; `newsletter` imports it, never the reverse.
Functions take a `Session`, values and `now`: none opens a database, reads config or looks at a clock.
"""
