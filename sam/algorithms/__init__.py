"""Which algorithms may be used for what, and until when: data and its guards."""
