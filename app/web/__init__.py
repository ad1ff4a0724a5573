"""What every page shares: layout, headers, cookies, CSRF tokens, health."""
