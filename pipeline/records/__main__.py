"""Command line of a long record."""

import argparse

from pipeline.records import Settings
from pipeline.records.run import run


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m pipeline.records", description=__doc__)
    parser.add_argument("--settings", required=True, help="JSON of pipeline.records.Settings")
    parser.add_argument("--archive", required=True, help="archive root: http(s) address or directory")
    parser.add_argument("--data", required=True, help="where downloaded files are kept")
    parser.add_argument("--output", required=True, help="folder of uniform/*.nc and record.nc")
    parser.add_argument("--offline", action="store_true", help="use only files that were downloaded before")
    parser.add_argument("--address", help="of a dask.distributed scheduler; default: threads of this process")
    parser.add_argument("--workers", type=int, default=2, help="threads, where no address is given")
    chosen = parser.parse_args()
    settings = Settings.model_validate_json(chosen.settings)
    where = {"offline": chosen.offline, "address": chosen.address or None, "workers": chosen.workers}
    print(run(settings, chosen.archive, chosen.data, chosen.output, **where))


main()
