"""Whom the SAM believes: anchors per category, from the operator's files and lists."""
