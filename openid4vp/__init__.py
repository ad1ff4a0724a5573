"""OpenID4VP 1.0 verifier: ask a wallet, verify its answer, keep nothing.

    request.begin  → request.sign_request_object  →  (wallet)  →  verify.verify_response

Bytes and ``now`` in, a value or an ``Openid4vpError`` out: no I/O, no clock.
"""
