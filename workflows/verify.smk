# results/ with its records, data/ -> catalogue/verify.csv: what is altered, stale or cannot be verified; not part of all
from pipeline.provenance import code_and_params


def own_name(stage):
    """A rule's name here, whatever prefix it was recorded with by a workflow that uses this one as a module."""
    words = stage.split("_")
    names = ["_".join(words[first:]) for first in range(len(words))]
    return next(filter(rules.has, names), stage)


def would_use(record):
    """Digest of the code and parameters that a run would now make a recorded result with, from the rules themselves."""
    from types import SimpleNamespace

    stage, kept = own_name(str(record.get("stage", ""))), record.get("wildcards", {})
    wildcards = SimpleNamespace(**kept) if isinstance(kept, dict) else SimpleNamespace()
    if getattr(wildcards, "event", None) is not None and wildcards.event not in EVENTS:
        raise LookupError(f"{wildcards.event} is not in {SETTINGS.events}")
    try:
        if not rules.has(stage):
            raise LookupError(stage)
        params = getattr(rules, stage).params
        found = {name: value(wildcards) if callable(value) else value for name, value in params.items()}
    except (AttributeError, LookupError, ValueError):  # no such rule, or the record is damaged
        raise LookupError(f"with these settings a run makes no such result ({stage})") from None
    return code_and_params(found)


def expectations(wildcards):
    """What `would_use` says of every record, or why there is nothing to say."""
    from pipeline import verify

    out = {}
    for path, record in verify.records(RESULTS).items():
        try:
            out[path.as_posix()] = would_use(record)
        except LookupError as error:
            out[path.as_posix()] = error.args[0]
    return out


rule verify:
    "Check every result and download against its record: altered, stale, missing."

    params:
        results=RESULTS,
        data=SETTINGS.data,
        expected=expectations,
    message:
        "check of {params.results}"
    script:
        "verify.py"
