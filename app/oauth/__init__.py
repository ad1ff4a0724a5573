"""The authorization server (RFC 6749): today the pre-authorised code grant only."""
