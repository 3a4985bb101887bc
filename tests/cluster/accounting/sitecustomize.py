"""Every Python that starts with this folder on its path notes what it used: CPU_LOG gets a line `seconds program`.

Schedulers without accounts do not say what their jobs cost; this does, for a local run in the same way.
"""

import atexit
import os
import sys
import time


def note():
    is_job = any("/.snakemake/scripts/" in word for word in sys.orig_argv)
    program = "job" if is_job else "snakemake"
    line = f"{time.process_time():.2f} {program}\n".encode()
    handle = os.open(os.environ["CPU_LOG"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, line)
    os.close(handle)


if os.environ.get("CPU_LOG"):
    atexit.register(note)
