"""A stage's digest follows what its numbers can depend on, and nothing else."""

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

    def digest():
        for function in (sources.digest, sources._imports, sources._fingerprint):
            function.cache_clear()
        return sources.digest("pipeline.stage")

    yield root, digest
    for function in (sources.digest, sources._imports, sources._fingerprint):
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
