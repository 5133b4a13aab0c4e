"""The public pages: server-made HTML, forms that work without a script, a small JSON API; one file a subject."""
