import os
import subprocess
import sys
from pathlib import Path

from pipeline import provenance

# A process of its own: the jobs of events, and so this one, do without dask (pipeline/__init__.py).
environment = {key: value for key, value in os.environ.items() if key != "PIPELINE_IN_MEMORY"}
root = str(Path(provenance.__file__).parents[1])
environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))

chosen = snakemake.params
words = ["--settings", chosen.settings, "--archive", chosen.archive, "--data", chosen.data]
words += ["--output", str(Path(snakemake.output[0]).parent), "--workers", str(snakemake.threads)]
words += ["--offline"] if chosen.offline else []
words += ["--address", chosen.address] if chosen.address else []
subprocess.run([sys.executable, "-m", "pipeline.records", *words], env=environment, check=True)
provenance.account(snakemake.output, snakemake.rule, snakemake.input, chosen.items(), snakemake.wildcards.items())
