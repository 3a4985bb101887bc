"""A long record with dask: day files -> uniform/*.nc -> record.nc, on this machine or on a cluster.

Tasks hand each other file names, or the few minutes around midnight, never days of data: what a worker holds is a few
days, however long the record. The cluster's workers must see the same files under the same names.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pipeline import archive, provenance
from pipeline.config import Crossing, Event
from pipeline.physics import wavelet
from pipeline.records import Settings, days, scales
from pipeline.resample import cadence, grid_edges

if TYPE_CHECKING:
    import xarray as xr


def run(
    settings: Settings,
    source: str,
    data: str,
    output: str,
    *,
    offline: bool = False,
    address: str | None = None,
    workers: int = 2,
) -> Path:
    """Fetch and process one record; returns the path of record.nc below `output`.

    source: archive root, as in config.Settings.archive. address: of a dask.distributed scheduler; without one, threads
    of this process, `workers` of them. Progress goes to stderr.
    """
    manifest = fetched(settings, source, data, offline)
    folder = Path(output).resolve()
    pieces = uniform(settings, manifest, str(Path(data).resolve()), folder, address, workers)
    return transformed(settings, pieces, folder, address, workers)


def fetched(settings: Settings, source: str, data: str, offline: bool = False) -> dict:
    """Manifest of the record's day files, brought into `data`."""
    crossing = Crossing(spacecraft=settings.spacecraft, ejecta_start=settings.start, ejecta_end=settings.end)
    event = Event(name="record", crossings=(crossing,))
    options = {"archive": source, "data": data, "settings": settings.fetch, "search_s": 0.0, "offline": offline}
    return archive.fetch(event, settings.spacecraft, **options)


def uniform(
    settings: Settings, manifest: dict, data: str, folder: Path, address: str | None = None, workers: int = 2
) -> list[dict]:
    """The first stage: a file of uniform data per day below folder/uniform, and of each its path and mean velocity."""
    from dask import delayed

    start, end = (np.datetime64(t, "ns") for t in (settings.start, settings.end))
    names = np.arange(start.astype("M8[D]"), (end - np.timedelta64(1, "ns")).astype("M8[D]") + days.DAY)
    first = days.joined([days.load_day(manifest, data, _first_day(manifest), settings)], manifest)
    edges = grid_edges(start, end, cadence([first], settings.cadence_s))
    of_day = np.clip(np.searchsorted(edges, np.append(names, names[-1] + days.DAY).astype("M8[ns]")), 0, len(edges) - 1)
    of_day[0], of_day[-1] = 0, len(edges) - 1

    raws = [delayed(days.load_day)(manifest, data, day, settings) for day in names]
    ends = [delayed(days.ends, nout=2)(raw, day) for raw, day in zip(raws, names, strict=True)]
    tasks = []
    for k, raw in enumerate(raws):
        before = ends[k - 1][0] if k else None
        after = ends[k + 1][1] if k + 1 < len(raws) else None
        path = folder / "uniform" / f"{names[k]}.nc"
        own = edges[of_day[k] : of_day[k + 1] + 1]
        tasks.append(delayed(_write_piece)(before, raw, after, own, manifest, settings, str(path)))
    return computed(tasks, "days resampled", address, workers)


def _first_day(manifest: dict) -> np.datetime64:
    """The first day with a file of every kind that the manifest has."""
    known = [{file["day"] for file in manifest[kind]["files"]} for kind in ("field", "plasma")]
    return np.datetime64(min(set.intersection(*known) or set.union(*known)))


def _write_piece(before, raw, after, edges, manifest, settings, path: str) -> dict:
    ds = days.piece(before, raw, after, edges, manifest, settings.min_coverage)
    _write(ds, path, "record: resample", settings)
    v = ds["v"].values
    v = v[np.isfinite(v).all(axis=1)]
    return {"path": path, "samples": ds.sizes["time"], "count": len(v), "v": v.sum(axis=0)}


def _write(ds, path: str, stage: str, settings) -> None:
    """As provenance.write, with a lock of this process.

    On a cluster xarray asks the scheduler for a lock named after the file, and of a file in memory it knows none.
    """
    import dask

    with dask.config.set(scheduler="synchronous"):
        provenance.write(ds, path, stage, {}, settings)


def transformed(
    settings: Settings, pieces: list[dict], folder: Path, address: str | None = None, workers: int = 2
) -> Path:
    """The second stage: windows and wavelets in chunks, then all in one file."""
    from dask import delayed

    begins = np.cumsum([0, *(piece["samples"] for piece in pieces)])
    dt_s = float(provenance.attributes(pieces[0]["path"]).attrs["cadence_s"])
    v_mean = sum(piece["v"] for piece in pieces) / max(sum(piece["count"] for piece in pieces), 1)
    step = wavelet.grid_step(settings.grid_s, dt_s)
    reach = scales.overlap(settings, dt_s, step)
    size = step * max(1, round(settings.chunk_days * 86400.0 / (step * dt_s)))
    paths, total, tasks = [piece["path"] for piece in pieces], int(begins[-1]), []
    for number, low in enumerate(range(0, total, size)):
        span = low, min(low + size, total)
        path = str(folder / "chunks" / f"{number:05d}.nc")
        tasks.append(delayed(_write_chunk)(paths, begins, span, reach, dt_s, v_mean, settings, path))
    return _gathered(computed(tasks, "chunks transformed", address, workers), folder / "record.nc", settings, dt_s)


def _write_chunk(paths, begins, span, reach, dt_s, v_mean, settings, path: str) -> str:
    low, high = max(span[0] - reach, 0), min(span[1] + reach, int(begins[-1]))
    step = wavelet.grid_step(settings.grid_s, dt_s)
    kept = slice((span[0] - low) // step, -(-(span[1] - low) // step))
    ds = scales.compute(part_of(paths, begins, low, high), dt_s, v_mean, settings, kept)
    _write(ds, path, "record: scales", settings)
    return path


def part_of(paths: list[str], begins: np.ndarray, low: int, high: int) -> "xr.Dataset":
    """Uniform data of the samples [low, high) of the whole record, from the pieces that hold them."""
    import xarray as xr

    parts = []
    for k in range(np.searchsorted(begins, low, side="right") - 1, np.searchsorted(begins, high)):
        ds = provenance.read(paths[k])[["v", "b_matched", "n", "alpha_ratio"]]
        parts.append(ds.isel(time=slice(max(low - begins[k], 0), high - begins[k])))
    return xr.concat(parts, "time", data_vars="all", combine_attrs="override")


def _gathered(paths, output: Path, settings, dt_s: float) -> Path:
    """One file from those of the chunks, variable by variable: a year of all at once would fill the memory."""
    first = provenance.read(paths[0])
    attrs = {"spacecraft": settings.spacecraft, "cadence_s": dt_s, "period_convention": "period = 1.0330 scale"}
    with provenance.whole_file(output) as part:
        head = _joined(paths, ["time"]).assign_coords(period=first["period"])
        head = head.assign_attrs(attrs | provenance.record("record", {}, settings))
        head.to_netcdf(part, engine="h5netcdf", encoding={"time": provenance.encoding(head["time"])})
        for name in first.data_vars:
            ds = _joined(paths, [name])
            encoding = {key: provenance.encoding(ds[key]) for key in (name, "time")}
            ds.to_netcdf(part, mode="a", engine="h5netcdf", encoding=encoding)
    for path in map(Path, paths):
        path.unlink()
    (output.parent / "chunks").rmdir()
    return output


def _joined(paths, names: list[str]):
    import xarray as xr

    parts = []
    for path in paths:
        with xr.open_dataset(path, engine="h5netcdf", cache=False) as ds:
            parts.append(ds[names].load())
    return xr.concat(parts, "time", data_vars="minimal", combine_attrs="override")


def computed(tasks: list, what: str, address: str | None, workers: int) -> list:
    """Results of the tasks in order; on the cluster at `address`, or in threads of this process. Progress to stderr."""
    import dask

    if address is None:
        from dask.diagnostics.progress import ProgressBar

        print(f"{len(tasks)} {what}:", file=sys.stderr, flush=True)
        with ProgressBar(out=sys.stderr, minimum=0):
            return list(dask.compute(*tasks, scheduler="threads", num_workers=workers))
    from dask.distributed import Client, as_completed

    with Client(address) as client:
        futures = client.compute(tasks)
        for done, _ in enumerate(as_completed(futures), start=1):
            print(f"\r{done} of {len(tasks)} {what}", end="", file=sys.stderr, flush=True)
        print(file=sys.stderr)
        return client.gather(futures)
