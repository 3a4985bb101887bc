"""One reproducible random stream per event and stage, whatever runs before it or beside it."""

import hashlib
import json

import numpy as np


def generator(event: str, stage: str, *more: object) -> np.random.Generator:
    """Generator seeded by the SHA-256 of (event, stage, *more): the same on every machine and in every order of jobs.

    `more` may hold anything whose str() is stable (names, numbers).
    """
    key = json.dumps([str(part) for part in (event, stage, *more)])
    digest = hashlib.sha256(key.encode("utf-8")).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
