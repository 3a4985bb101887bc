"""Makes every job of a workflow leave, in the folder $MODULES_SEEN, its rule, its wildcards and the modules it loaded.

Python imports this by itself at its start where the folder is on PYTHONPATH.
"""

import atexit
import json
import os
import sys


def note() -> None:
    job = getattr(sys.modules.get("__main__"), "snakemake", None)
    folder = os.environ.get("MODULES_SEEN")
    if folder and hasattr(job, "rule"):
        os.makedirs(folder, exist_ok=True)
        loaded = sorted(name for name, module in sys.modules.items() if module is not None)
        with open(os.path.join(folder, f"{os.getpid()}.json"), "w", encoding="utf-8") as file:
            json.dump({"rule": job.rule, "wildcards": dict(job.wildcards.items()), "modules": loaded}, file)


atexit.register(note)
