"""Every result in other orders, with other numbers of threads and another order of hashes: the same to the last bit."""

import hashlib
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from test_bad_physics import USUAL, modules, rows, settings_of, uniform

from pipeline import detect
from pipeline.config import Lag
from pipeline.pairs import lag
from pipeline.stats import seeds

ROOT = Path(__file__).resolve().parents[1]
NAMES = [f"{folder}.{name}" for folder in ("diagnostics", "pairs") for name in modules(folder)] + ["lag", "detect"]
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def made(name: str):
    """One result, everything that it needs made anew."""
    first, second = uniform("ace", 1), uniform("wind", 2)
    second = second.assign({key: 0.7 * first[key] + 0.3 * second[key] for key in ("b", "v")})
    intervals = rows("ace", USUAL)
    if name == "lag":
        return lag.compute(first, second, intervals, Lag())
    if name == "detect":
        return detect.detect(first, intervals, detect.Settings())
    module = importlib.import_module(f"pipeline.{name}")
    data = (first, second, intervals, 60.0) if name.startswith("pairs") else (first, intervals)
    return module.compute(*data, settings_of(module))


def digest(result) -> str:
    """Of every value, name and attribute, in their order."""
    if not hasattr(result, "data_vars"):
        return hashlib.sha256(result.to_csv(float_format="%.17g").encode()).hexdigest()
    told = [repr(result.attrs)]
    for name, variable in result.variables.items():
        values = variable.values
        told += [name, repr(variable.dims), repr(variable.attrs), str(values.dtype)]
        told += [repr(values.tolist()) if values.dtype.kind in "OU" else values.tobytes().hex()]
    return hashlib.sha256("\n".join(map(str, told)).encode()).hexdigest()


def elsewhere(threads: int, hashes: int, names: list[str]) -> dict[str, str]:
    """Digests from a process of its own."""
    env = os.environ | dict.fromkeys(THREADS, str(threads)) | {"PYTHONHASHSEED": str(hashes), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, __file__, *names], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_results_do_not_depend_on_order_threads_and_hashes():
    one, many = elsewhere(1, 1, NAMES), elsewhere(3, 2, NAMES[::-1])
    assert sorted(one) == sorted(NAMES)
    assert [name for name in NAMES if one[name] != many[name]] == []


@pytest.mark.parametrize(("folder", "name"), [("pairs", "correlation"), ("diagnostics", "wavelet")])
def test_another_event_and_another_stage_have_other_random_numbers(folder, name):
    """Intervals of the same data differ between events by their random draws alone, and by little."""
    module = importlib.import_module(f"pipeline.{folder}.{name}")
    first, second, intervals = uniform("ace", 1), uniform("wind", 2), rows("ace", USUAL)

    def computed(event):
        data = [ds.assign_attrs(event=event) for ds in (first, second)]
        data = [*data, intervals, 60.0] if folder == "pairs" else [data[0], intervals]
        return module.compute(*data, settings_of(module))

    one, same, other = computed("a"), computed("a"), computed("b")
    assert digest(one) == digest(same)
    differing = {key for key in one.data_vars if not one[key].equals(other[key])}
    assert differing
    assert all("_ci" in key or "p_value" in key for key in differing), differing


def test_draws_of_one_seed_are_those_of_numpy_s_documented_generator():
    """PCG64 seeded with the first half of the SHA-256 of the JSON list of names."""
    import numpy as np

    seed = int.from_bytes(hashlib.sha256(b'["e", "stage", "3"]').digest()[:16], "big")
    assert seeds.generator("e", "stage", 3).random() == np.random.Generator(np.random.PCG64(seed)).random()


if __name__ == "__main__":
    print(json.dumps({name: digest(made(name)) for name in sys.argv[1:]}))
