"""The rules of style that a linter cannot say, over the files that git knows."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES = 500
FUNCTION_LINES = 60
PARAMETERS = 6  # positional ones, `self` aside
PACKAGES = ("schemas", "synthetic", "connectors", "dataflows", "api", "scoring", "cli")
# A kernel takes its columns one by one: numba compiles each as an array of its own.
MANY_COLUMNS = {"dataflows/analytics/log.py:classify", "cli/score.py:score"}  # columns; options of a command


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout, so there is no list of files")
    return [p for line in listed.stdout.splitlines() if (p := ROOT / line).is_file()]


def functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for path in tracked("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{path.relative_to(ROOT).as_posix()}:{node.name}", node


def test_files_are_small() -> None:
    sources = tracked("*.py", "*.ts", "*.tsx", "*.css")
    long = {str(p.relative_to(ROOT)): n for p in sources if (n := _lines(p)) > FILE_LINES}
    generated = [name for name in long if "generated" in name]
    assert sorted(long) == sorted(generated)


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_functions_are_short() -> None:
    def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        first = node.body[0]
        is_doc = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        start = (first.end_lineno or 0) if is_doc else node.lineno
        return (node.end_lineno or 0) - start

    assert [name for name, node in functions() if length(node) > FUNCTION_LINES] == []


def test_functions_take_few_parameters() -> None:
    def positional(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        return sum(a.arg not in ("self", "cls") for a in [*node.args.posonlyargs, *node.args.args])

    def is_kernel_or_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
        marks = " ".join(ast.unparse(d) for d in node.decorator_list)
        return any(word in marks for word in ("njit", "command", ".get(", "parametrize", "given"))

    found = {
        name
        for name, node in functions()
        if positional(node) > PARAMETERS and not is_kernel_or_command(node) and "tests/" not in name
    }
    assert found - MANY_COLUMNS == set()


def test_modules_say_what_they_own() -> None:
    silent = [
        str(path.relative_to(ROOT))
        for path in tracked("*.py")
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_packages_hold_no_code() -> None:
    for package in PACKAGES:
        for path in (ROOT / package).rglob("__init__.py"):
            body = ast.parse(path.read_text(encoding="utf-8")).body
            is_cache_place = path in (ROOT / "dataflows/__init__.py", ROOT / "synthetic/__init__.py")
            assert len(body) == 1 or is_cache_place, f"{path} holds more than its docstring"


def test_no_machine_and_no_registry_is_named() -> None:
    machine = re.compile(r"(?<![\w.])/(?:work|root|farm)/")
    host = re.compile(r"https?://[\w.-]*(?:pypi|pythonhosted|npmjs|maven|crates|golang|debian)[\w.-]*")
    for path in tracked("*"):
        if path.suffix in (".png", ".ico", ".woff2"):
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        for pattern in (machine, host):
            found = [m for m in pattern.findall(text) if path.name != Path(__file__).name]
            assert not found, f"{path.relative_to(ROOT)}: {found[:3]}"


def test_the_core_asks_no_clock_and_throws_no_dice() -> None:
    banned = re.compile(r"datetime\.now|time\.time\(|uuid4|np\.random|fastmath|set\(\)\s*:")
    for path in tracked("dataflows/analytics/*.py", "dataflows/analytics/**/*.py", "synthetic/*.py"):
        assert not banned.search(path.read_text(encoding="utf-8")), path


def test_no_folder_of_tests_is_named_like_a_package() -> None:
    names = {p.name for p in (ROOT / "tests").iterdir() if p.is_dir()}
    assert not names & set(PACKAGES)
