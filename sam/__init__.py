"""The Signature Activation Module: verifies the wallet's answer itself, then signs.

Everything that decides about a signature happens in this process: the nonce, the
signed request, the wallet's answer, the comparison of approved and signed digest, the
certificate, the key, the audit record. Callers reach it by ``sam.client`` only.
"""
