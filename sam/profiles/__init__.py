"""Kinds of wallets, one JSON file each: only what differs from production is in it."""
