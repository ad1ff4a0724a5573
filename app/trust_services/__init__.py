"""The demo trust services: a CA behind EST, CRLs and an RFC 3161 time-stamp service.

Everything here says TEST and nothing here can issue a qualified certificate: a profile
with a qualified policy cannot be built and no code writes QcStatements. In service a
qualified trust service provider takes this place by configuration, so the package
imports nothing else of ours and nothing else of ours imports it.

Two doors, two processes: the EST door (https) certifies what the registration
authority asks for, the public door (http) serves CRLs, CA certificates and time stamps.
"""
