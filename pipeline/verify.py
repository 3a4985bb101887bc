"""Are results what the run wrote, and would it write them again? Every file against its record, downloads too.

altered: the file is not the one that was recorded. missing: it is gone. stale: an input, a setting or the code is not
what it was made with, or what it was made from is itself in question. unverifiable: nothing was recorded, or what it
was made from is gone. other versions: made with other versions of packages, which may or may not matter.

Checksums tell damage, mistakes and edits. They do not tell forgery: who can change a result can change its record.
But not unseen: a changed record is told by every result made from the file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from pipeline import provenance

OK, ALTERED, MISSING, STALE = "ok", "altered", "missing", "stale"
UNVERIFIABLE, VERSIONS = "unverifiable", "other versions"
WORST_FIRST = (ALTERED, MISSING, STALE, UNVERIFIABLE, VERSIONS, OK)
BAD = (ALTERED, MISSING)
COLUMNS = ("file", "status", "stage", "reason", "written", "commit")
# Written over and over by every run, by this check, or as notes of failures and of time used: no results.
ASIDE = "benchmarks"
UNRECORDED = ("status.csv", "verify.csv", ".failed.json")


def records(root: str | Path) -> dict[Path, dict]:
    """Record by result file, of every result below `root`; a record that cannot be read is an empty one."""
    found = {}
    for path in sorted(Path(root).rglob(f"{provenance.RECORDS}/*.json")):
        found[path.parent.parent / path.name.removesuffix(".json")] = _json(path)
    return found


def _json(path) -> dict:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def check(root: str | Path, data: str | Path, expected: Mapping) -> pd.DataFrame:
    """COLUMNS of every result below `root` and every download in its manifests (files.json), worst first.

    data: the folder of downloads. expected: by path of the result, (digest of the code, parameters) that a run would
    use now, or a text that says why it would not make such a result; a path that is not there is not compared.
    """
    checked = Checked(Path(root), Path(data), records(root), expected)
    rows = [checked.row(path) for path in checked.files()]
    rows += downloads(checked)
    table = pd.DataFrame(rows, columns=COLUMNS)
    order = table["status"].map(WORST_FIRST.index)
    return table.assign(order=order).sort_values(["order", "file"], ignore_index=True)[list(COLUMNS)]


@dataclass
class Checked:
    """One check of a results folder; every file is read once."""

    root: Path
    data: Path
    records: dict[Path, dict]
    expected: Mapping
    sums: dict[Path, str | None] = field(default_factory=dict)
    found: dict[Path, tuple[str, str]] = field(default_factory=dict)

    def files(self) -> list[Path]:
        """Results that are there or were recorded."""
        there = {
            path
            for path in self.root.rglob("*")
            if path.is_file() and not self._aside(path) and not path.name.endswith(UNRECORDED)
        }
        return sorted(there | set(self.records))

    def _aside(self, path) -> bool:
        hidden = any(part.startswith(".") or part == ASIDE for part in path.relative_to(self.root).parts)
        return hidden or self.data.resolve() in path.resolve().parents

    def sum(self, path: Path) -> str | None:
        """sha256 of a file, None where it is not there."""
        path = Path(path).resolve()
        if path not in self.sums:
            self.sums[path] = provenance.sha256(path) if path.is_file() else None
        return self.sums[path]

    def row(self, path: Path) -> tuple:
        status, reason = self.status(path)
        record = self.records.get(path, {})
        name = path.relative_to(self.root).as_posix()
        return name, status, record.get("stage", ""), reason, record.get("written", ""), record.get("commit", "")

    def status(self, path: Path) -> tuple[str, str]:
        """Status and reason of one result; that of what it was made from counts too."""
        if path not in self.found:
            self.found[path] = OK, ""  # a record that names its own file as its parent ends here
            self.found[path] = self._status(path)
        return self.found[path]

    def _status(self, path):
        record = self.records.get(path)
        if record is None:
            return UNVERIFIABLE, "no record of how it was made"
        if not {"sha256", "stage", "parents", "params"} <= set(record):
            return UNVERIFIABLE, "its record cannot be read"
        if self.sum(path) is None:
            return MISSING, "recorded, but not there"
        if self.sum(path) != record["sha256"]:
            return ALTERED, f"its sha256 is not the recorded one ({record['sha256'][:12]})"
        return self._parents(path, record) or self._settings(path, record) or self._versions(record) or (OK, "")

    def _parents(self, path, record):
        for name, recorded in sorted(record["parents"].items()):
            parent = self._known(path.parent / name)
            shown = self._shown(parent)
            if self.sum(parent) is None:
                return UNVERIFIABLE, f"made from {shown}, which is not there"
            if self.sum(parent) != recorded:
                return STALE, f"made from another {shown} than the one that is there"
            status = self.status(parent)[0] if parent in self.records else OK
            if status in (ALTERED, MISSING, STALE):
                return STALE, f"made from {shown}, which is {status}"
        return None

    def _known(self, parent: Path) -> Path:
        """The parent under the name that its record has."""
        return next((path for path in (self.root / self._shown(parent),) if path in self.records), parent)

    def _shown(self, parent: Path) -> str:
        try:
            return parent.resolve().relative_to(self.root.resolve()).as_posix()
        except ValueError:
            return parent.as_posix()

    def _settings(self, path, record):
        expected = self.expected.get(path.as_posix())
        if expected is None or isinstance(expected, str):
            return (UNVERIFIABLE, expected) if expected else None
        code, params = expected
        changes = differences(record["params"], json.loads(json.dumps(params, default=provenance.plain)))
        if changes:
            return STALE, "other settings: " + "; ".join(changes[:3]) + (" ..." if len(changes) > 3 else "")
        return (STALE, f"the code of {record['stage']} has changed") if code != record["code"] else None

    def _versions(self, record):
        now = provenance.versions(*provenance.installed())
        was = {name: v for name, v in record.get("versions", {}).items() if name in now}
        changed = [
            f"{name} {version}, here {now[name]}" for name, version in sorted(was.items()) if version != now[name]
        ]
        return (VERSIONS, "made with " + "; ".join(changed)) if changed else None


def differences(was: object, now: object, key: str = "") -> list[str]:
    """What differs between two JSON values, by dotted key."""
    if isinstance(was, dict) and isinstance(now, dict):
        keys = list(dict.fromkeys([*was, *now]))
        return [line for k in keys for line in differences(was.get(k), now.get(k), f"{key}.{k}" if key else k)]
    return [] if was == now else [f"{key} was {_short(was)}, is {_short(now)}"]


def _short(value) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."


def downloads(checked: Checked) -> list[tuple]:
    """Rows of every downloaded file that a manifest names: is it what was fetched?"""
    manifests = {path: _json(path) for path in sorted(checked.root.glob("*/*/files.json"))}
    rows = {}
    for manifest in manifests.values():
        for entry in entries(manifest):
            path = checked.data / entry["path"]
            status, reason = _download(entry, checked.sum(path))
            key = entry["path"], entry["sha256"]
            rows[key] = (path.as_posix(), status, "fetch", reason, entry.get("fetched", ""), "")
    return list(rows.values())


def entries(manifest: dict) -> list[dict]:
    """Files of a manifest, of both kinds, but what names no file or checksum: such a manifest is itself altered."""
    kinds = (manifest.get(kind) for kind in ("field", "plasma"))
    found = [entry for kind in kinds if isinstance(kind, dict) for entry in kind.get("files", ())]
    return [entry for entry in found if isinstance(entry, dict) and {"path", "sha256"} <= set(entry)]


def _download(entry, found):
    if found is None:
        return UNVERIFIABLE, "no longer in the data folder"
    if found != entry["sha256"]:
        return ALTERED, f"its sha256 is not that of the file that was fetched ({entry['sha256'][:12]})"
    return OK, ""


def lines(table: pd.DataFrame) -> list[str]:
    """One line for every result that is not in order, and one that counts."""
    found = [f"{row.status}: {row.file}: {row.reason}" for row in table.itertuples() if row.status != OK]
    numbers = table["status"].value_counts()
    counted = ", ".join(f"{numbers[name]} {name}" for name in WORST_FIRST if name in numbers)
    return [*found, f"{len(table)} files: {counted or 'none'}"]


def in_order(table: pd.DataFrame) -> bool:
    """False where a result or a download was altered or is gone."""
    return not table["status"].isin(BAD).any()
