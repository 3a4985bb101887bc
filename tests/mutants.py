"""Mutation test of the kernels: one small change at a time in a copy of the tree, and do the tests notice?

    python tests/mutants.py 100 7      100 places of pipeline/physics and pipeline/stats, chosen by seed 7

Changes an operator, a comparison, a number, a sign or a call of another meaning, then runs the module's own tests, and
where these pass, those of all kernels. Prints what survived; about 20 s each on one core. Not part of the suite.
"""

import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LIMIT_S = 300.0  # a change that makes a test hang is noticed too
OTHER = {
    **{ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.Pow: ast.Mult},
    **{
        ast.Lt: ast.LtE,
        ast.LtE: ast.Lt,
        ast.Gt: ast.GtE,
        ast.GtE: ast.Gt,
        ast.BitAnd: ast.BitOr,
        ast.BitOr: ast.BitAnd,
    },
}
CALLS = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "sqrt": "abs", "abs": "negative"}
ELSEWHERE = {
    "coherence": ("tests/stats/test_coherence_kernel.py",),
    "plasma": ("tests/physics/test_edges.py",),
    "lagged": ("tests/pairs/test_lag.py", "tests/pairs/test_correlation.py"),
}


def places(tree: ast.AST) -> list:
    """Nodes that can be changed, always in the same order."""
    return [node for node in ast.walk(tree) if changeable(node)]


def changeable(node: ast.AST) -> bool:
    if isinstance(node, ast.BinOp):
        return type(node.op) in OTHER
    if isinstance(node, ast.Compare):
        return type(node.ops[0]) in OTHER
    if isinstance(node, ast.Constant):
        return type(node.value) in (int, float)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and not isinstance(node.operand, ast.Constant)
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CALLS


def change(node: ast.AST) -> str:
    """Change it in place; what was done, for the reader."""
    before = ast.unparse(node)
    if isinstance(node, ast.BinOp):
        node.op = OTHER[type(node.op)]()
    elif isinstance(node, ast.Compare):
        node.ops[0] = OTHER[type(node.ops[0])]()
    elif isinstance(node, ast.Constant):
        node.value = node.value + 1 if isinstance(node.value, int) else 1.5 * node.value + (node.value == 0)
    elif isinstance(node, ast.UnaryOp):
        node.op = ast.UAdd()
    else:
        node.func.attr = CALLS[node.func.attr]
    return f"line {node.lineno}: {before} -> {ast.unparse(node)}"


def tests_of(module: Path, tree: Path) -> list[list[str]]:
    own = [
        str(path.relative_to(tree)) for path in (tree / "tests" / module.parent.name).glob(f"test_{module.stem}*.py")
    ]
    own += ELSEWHERE.get(module.stem, ())
    return [own, ["tests/physics", "tests/stats"]] if own else [["tests/physics", "tests/stats"]]


def noticed(module: Path, tree: Path) -> bool:
    flags = {"PYTHONPATH": str(tree), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    for tests in tests_of(module, tree):
        try:
            done = subprocess.run(
                [*command, *tests], cwd=tree, env=os.environ | flags, capture_output=True, timeout=LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return True
        if done.returncode:
            return True
    return False


def main(count: int, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        skipped = shutil.ignore_patterns(".*", "results", "data", "demo", "docs")
        shutil.copytree(ROOT, tree, ignore=skipped)
        (Path(folder) / "shared").symlink_to(ROOT.parent / "shared")
        modules = sorted(p for room in ("physics", "stats") for p in (tree / "pipeline" / room).glob("[a-z]*.py"))
        sources = {module: module.read_text("utf-8") for module in modules}
        pool = [(module, k) for module in modules for k in range(len(places(ast.parse(sources[module]))))]
        survived = 0
        chosen = random.Random(seed).sample(pool, min(count, len(pool)))
        for n, (module, k) in enumerate(chosen, 1):
            changed = ast.parse(sources[module])
            what = change(places(changed)[k])
            module.write_text(ast.unparse(changed), "utf-8")
            if not noticed(module, tree):
                survived += 1
                print(f"survived: {module.relative_to(tree)} {what}", flush=True)
            module.write_text(sources[module], "utf-8")
            print(f"{n - survived} of {n} noticed, {len(pool)} places", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
