"""Signing credentials that outlive one signature: wrapped key, certificate, row.

``record`` says what a row is bound to, ``ledger`` that it is the newest, ``rows`` holds
the SQL. ``making``, ``listing`` and ``ending`` are calls, ``using`` is the part of
``finish`` that signs with one, ``rewrapping`` an act of the operator.
"""
