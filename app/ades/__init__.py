"""PDF documents: inspect, prepare, embed, validate, each in a confined child.

``documents`` is the door for the rest of ``app``. Everything that reads a byte
of somebody's file runs behind ``children`` in a process that can compute and
nothing else (``confinement``).
"""
