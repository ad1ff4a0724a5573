"""The signing device: what the SAM asks of an HSM, and two things that answer.

``port`` is the promise. ``pkcs11_device`` keeps it over PKCS#11 (SoftHSM in tests, a
certified module in service); ``memory_device`` keeps the same text in RAM, for tests.
``wrapped`` is the part of the promise about keys that live outside the device as blobs.
``token`` is the administrator's act that makes a SoftHSM token and the service's keys.

SoftHSM is a file and a library: it is no QSCD and protects from no one who can read
the SAM's files.
"""
