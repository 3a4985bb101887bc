import sys

from pipeline import batch

lost = batch.run(snakemake.params.tasks)
if lost:
    sys.exit(f"not made: {', '.join(lost[:3])}{f' and {len(lost) - 3} more' if len(lost) > 3 else ''}")
