#!/usr/bin/env python3
"""What pickletools prints of programs, and the exception it ends with. Nothing is unpickled.

Reads from stdin, until it ends: a length (u32, little-endian) and so many bytes. Answers each with one line of JSON,
`{text, sha256, error}`; of what is longer than a megabyte only the hash, and no text.
"""

import hashlib
import io
import json
import pickletools
import struct
import sys

while header := sys.stdin.buffer.read(4):
    program = sys.stdin.buffer.read(struct.unpack("<I", header)[0])
    out = io.StringIO()
    error = None
    try:
        pickletools.dis(program, out)
    except Exception as raised:
        error = f"{type(raised).__name__}: {raised}"
    text = out.getvalue()
    digest = hashlib.sha256(text.encode()).hexdigest()
    sys.stdout.write(json.dumps({"text": text if len(text) < 1_000_000 else None, "sha256": digest, "error": error}) + "\n")
    sys.stdout.flush()
