"""A stage's digest follows what its numbers can depend on, and nothing else."""

import json

import pytest

from pipeline import sources


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A small package of three modules: stage imports kernel, other stands alone."""
    root = tmp_path / "pipeline"
    root.mkdir()
    (root / "stage.py").write_text('"""Doc."""\nfrom pipeline import kernel\n\ndef f():\n    return kernel.g()\n')
    (root / "kernel.py").write_text("def g():\n    return 1  # why\n")
    (root / "other.py").write_text("x = 1\n")
    monkeypatch.setattr(sources, "PACKAGE", root)

    monkeypatch.setattr(sources, "KEPT", tmp_path / "kept" / "sources.json")

    def digest():
        """As a new process would find it."""
        forget()
        return sources.digest("pipeline.stage")

    yield root, digest
    forget()


def forget():
    for function in (sources.digest, sources._facts, sources._kept):
        function.cache_clear()


def test_an_edit_of_an_imported_module_changes_the_digest(package):
    root, digest = package
    before = digest()
    (root / "kernel.py").write_text("def g():\n    return 2\n")
    assert digest() != before


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("other.py", "x = 2\n"),
        ("kernel.py", "def g():\n\n    return 1  # another reason\n"),
        ("stage.py", '"""Other words."""\nfrom pipeline import kernel\n\ndef f():\n    return kernel.g()\n'),
    ],
)
def test_strangers_comments_and_docstrings_change_nothing(package, file, text):
    root, digest = package
    before = digest()
    (root / file).write_text(text)
    assert digest() == before


def test_real_stages_depend_on_what_they_import():
    files = {path.stem for path in sources.files_of("pipeline.resample")}
    assert files == {"resample", "schema"}


def parsed(monkeypatch):
    """Texts that are parsed from now on."""
    texts, parse = [], sources.ast.parse
    monkeypatch.setattr(sources.ast, "parse", lambda text: texts.append(text) or parse(text))
    return texts


def test_what_was_kept_is_not_parsed_again_until_a_file_changes(package, monkeypatch):
    root, digest = package
    sources.KEPT.parent.mkdir()
    before = digest()
    sources.keep()
    texts = parsed(monkeypatch)
    assert digest() == before
    assert not texts
    (root / "kernel.py").write_text("def g():\n    return 2\n")
    assert digest() != before
    assert texts == [b"def g():\n    return 2\n"]


LISTED = json.dumps({"by": sources._reader(), "facts": ["no mapping"]})


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"by": "another", "facts": {}}', '{"facts": {}}', LISTED])
def test_a_damaged_or_strange_keeping_is_made_anew(package, monkeypatch, damage):
    _, digest = package
    sources.KEPT.parent.mkdir()
    before = digest()
    sources.KEPT.write_text(damage)
    texts = parsed(monkeypatch)
    assert digest() == before
    assert len(texts) == 2
    sources.keep()
    assert digest() == before
    assert len(texts) == 2


def test_without_a_place_to_keep_it_nothing_is_lost(package, monkeypatch):
    _, digest = package
    before = digest()
    sources.keep()  # no folder
    assert digest() == before
    sources.KEPT.parent.mkdir()
    monkeypatch.setattr(sources.Path, "replace", refuse)
    sources.keep()
    assert not list(sources.KEPT.parent.iterdir())


def test_a_disk_that_can_only_be_read_is_no_error(package, monkeypatch):
    _, digest = package
    digest()
    sources.KEPT.parent.mkdir()
    for name in ("write_text", "unlink"):  # it refuses to remove even what is not there
        monkeypatch.setattr(sources.Path, name, refuse)
    sources.keep()
    assert not list(sources.KEPT.parent.iterdir())


def refuse(*_, **__):
    raise OSError("no space left on device")
