"""Show who you are, and nothing else: no document, no signing pass, no session."""
