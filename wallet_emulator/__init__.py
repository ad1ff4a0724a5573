"""An EUDI Wallet for people who build or test the other side of it.

It holds a PID from its own test provider, receives a signing pass by OpenID4VCI,
verifies an OpenID4VP request before it shows anything, asks for consent and answers.
It can also misbehave on demand: see ``wallet_emulator.deviations``.

It shares no code with the service: a mistake in the service's verifier is not
repeated here. It is a test tool: keys are plain files and no person is real.
"""
