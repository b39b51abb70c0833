"""The layout is the architecture: who may import whom, how long a module is, what each one says."""

import ast
import sys
from pathlib import Path

import pytest

from mailpipe.cli import STAGES, TOOLS

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mailpipe"
MODULES = sorted(PACKAGE.rglob("*.py"))
KERNEL = {
    "errors": set(),
    "exact": set(),
    "lines": set(),
    "record": {"errors"},
    "jsonl": {"record", "errors", "exact", "lines"},
    "config": {"errors"},
    "stdio": {"errors"},
    "progress": set(),
    "stage": {"jsonl", "record", "errors", "config", "stdio", "progress"},
    "cli": {"", "group"},
}
IMPURE = {"click", "os", "sys", "time", "socket", "subprocess", "sqlite3", "ssl", "threading", "select"}
LIMIT = 400  # lines of a module
LONG = 40  # lines of a function


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports(path: Path) -> set[str]:
    """Every module that a file imports, at any depth, with its full name."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            module = node.module or ""
            for alias in node.names:
                inner = ROOT.joinpath(*module.split("."), alias.name)
                is_module = inner.with_suffix(".py").exists() or (inner / "__init__.py").exists()
                found.add(f"{module}.{alias.name}" if is_module else module)
    return found


def ours(path: Path) -> set[str]:
    return {
        name.removeprefix("mailpipe").lstrip(".") for name in imports(path) if name.startswith("mailpipe")
    }


@pytest.mark.parametrize("module", KERNEL)
def test_a_kernel_module_imports_only_what_the_design_allows(module: str) -> None:
    assert ours(PACKAGE / f"{module}.py") <= KERNEL[module]


@pytest.mark.parametrize("path", sorted((PACKAGE / "mail").glob("*.py")), ids=name_of)
def test_mail_is_pure(path: Path) -> None:
    allowed = {name for name in ours(path) if name == "errors" or name.split(".")[0] == "mail"}

    assert ours(path) == allowed
    assert not imports(path) & IMPURE


@pytest.mark.parametrize("path", sorted((PACKAGE / "wire").glob("*.py")), ids=name_of)
def test_wire_knows_no_stage_and_no_command_line(path: Path) -> None:
    known = {name.split(".")[0] for name in ours(path)}

    assert not known & {*STAGES, *TOOLS, "stage", "cli", "group"}
    assert "click" not in imports(path)


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_imports_another(stage: str) -> None:
    for path in (PACKAGE / stage).rglob("*.py"):
        others = {name.split(".")[0] for name in ours(path)} & set(STAGES)
        assert others <= {stage}, f"{path} imports {others - {stage}}"


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_has_the_same_shape(stage: str) -> None:
    core = ast.parse((PACKAGE / stage / "core.py").read_text())
    functions = {node.name for node in core.body if isinstance(node, ast.FunctionDef)}

    assert (PACKAGE / stage / "command.py").exists()
    assert stage in functions


@pytest.mark.parametrize("stage", STAGES)
def test_a_core_only_computes(stage: str) -> None:
    assert not imports(PACKAGE / stage / "core.py") & IMPURE


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_module_says_what_it_does_and_stays_small(path: Path) -> None:
    text = path.read_text()
    doc = ast.get_docstring(ast.parse(text)) or ""

    assert doc.splitlines()[:1] not in ([], [""]), f"{path} has no docstring"
    assert text.count("\n") <= LIMIT, f"{path} has more than {LIMIT} lines"


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_function_is_longer_than_a_screen(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            length = (node.end_lineno or 0) - node.lineno + 1
            assert length <= LONG, f"{path}: {node.name} has {length} lines"


def test_no_module_is_a_drawer() -> None:
    assert not [path for path in MODULES if path.stem in {"utils", "util", "helpers", "misc", "common"}]


def test_the_kernel_is_what_the_table_says() -> None:
    kernel = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__", "_docs", "group"}

    assert kernel == set(KERNEL)
    assert sys.version_info >= (3, 11)
