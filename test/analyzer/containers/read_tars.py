"""Reads tar archives as Python's tarfile does, which is what torch and NeMo go by; nothing in them is unpickled.

usage: read_tars.py FOLDER

Prints, for each file of FOLDER by name, what tarfile hands out: null where it does not open the archive, or a list of names, each
with the bytes in hexadecimal.
"""

import json
import os
import sys
import tarfile


def read_all(path):
    members = []
    try:
        with tarfile.open(path, "r:") as archive:
            while (member := archive.next()) is not None:
                if member.isfile() or member.type not in tarfile.SUPPORTED_TYPES:
                    members.append([member.name, archive.extractfile(member).read().hex()])
    except Exception:
        return members or None
    return members


print(json.dumps({name: read_all(os.path.join(sys.argv[1], name)) for name in sorted(os.listdir(sys.argv[1]))}))
