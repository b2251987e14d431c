"""Reads zip archives as Python's zipfile and torch's PyTorchFileReader do; nothing in them is unpickled.

usage: read_zips.py FOLDER < NAMES

Standard input has the names to ask for as a JSON list. Prints, for each file of FOLDER by name, what each reader answers:
null where it does not open the archive, or for each name the bytes in hexadecimal, or null where it has none.
"""

import json
import os
import sys
import zipfile

import torch

NAMES = json.load(sys.stdin)


def read_all(read):
    answers = {}
    for name in NAMES:
        try:
            answers[name] = read(name).hex()
        except Exception:
            answers[name] = None
    return answers


def by_zipfile(path):
    try:
        archive = zipfile.ZipFile(path)
    except Exception:
        return None
    with archive:
        return read_all(archive.read)


def by_torch(path):
    try:
        reader = torch._C.PyTorchFileReader(path)
    except Exception:
        return None
    # Records are asked for by their names within the archive's folder, that of its first entry.
    return read_all(lambda name: reader.get_record(name.split("/", 1)[1]) if name.startswith("m/") else None)


answers = {}
for name in sorted(os.listdir(sys.argv[1])):
    path = os.path.join(sys.argv[1], name)
    answers[name] = {"zipfile": by_zipfile(path), "torch": by_torch(path)}
json.dump(answers, sys.stdout)
