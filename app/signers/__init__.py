"""Browser sessions, wallet exchanges, identified signers and their signing passes."""
