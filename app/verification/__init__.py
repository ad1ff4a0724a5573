"""Check what signing leaves behind: evidence from outside, and signed files.

``evidence`` needs nothing of this service: no network, no database, no SAM, and none of
the code that made what it checks. ``signed_file`` is the plain answer to "is this
signature good?" for the command line and the page ``/verify``.
"""
