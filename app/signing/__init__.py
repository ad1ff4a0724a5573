"""The signing request: from an uploaded document to a signed one, or to a plain no."""
