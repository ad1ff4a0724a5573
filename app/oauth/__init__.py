"""The authorization server (RFC 6749): one, at ``/oauth2/*``."""
