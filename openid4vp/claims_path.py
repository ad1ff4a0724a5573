"""Claims path pointers over JSON (OpenID4VP 1.0 §7.1)."""

ClaimsPath = tuple[str | int | None, ...]
