# SPDX-License-Identifier: GPL-3.0-or-later
"""What the documentation names exists; what it tells to run is run by a test, or says why not."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/*.md", "docs/adr/*.md", "docs/guides/*.md", "roles/*/README.md", "molecule/README.md")
    for path in ROOT.glob(pattern)
)
# A block of commands, and the line before it, which says of it `<!-- run by PATH -->` or `<!-- not run: REASON -->`.
BLOCK = re.compile(r"^(?P<before>.*)\n[ ]*```(?:console|bash|sh)\n(?P<commands>(?:.*\n)*?)[ ]*```", re.MULTILINE)
RUN_BY = re.compile(r"<!-- run by (\S+) -->")
NOT_RUN = re.compile(r"<!-- not run: \S.* -->")
# Pages that `make docs` makes.
GENERATED = "docs/reference/"


class Command(NamedTuple):
    """`make TARGET` or a playbook, and the page that names it."""

    page: str
    name: str


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def named(pattern: str) -> list[Command]:
    return [
        Command(name_of(page), name)
        for page in PAGES
        for name in sorted(set(re.findall(pattern, page.read_text(encoding="utf-8"), re.MULTILINE)))
    ]


def make_targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def blocks() -> Iterator[tuple[str, str, str]]:
    for page in PAGES:
        if page.is_relative_to(ROOT / "docs"):
            for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
                yield name_of(page), block["before"].strip(), block["commands"]


def links() -> Iterator[tuple[str, str]]:
    for page in PAGES:
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            if "://" not in target:
                yield name_of(page), target


def anchors(page: Path) -> set[str]:
    """What GitHub, and the site, call the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("command", named(r"(?:^[ ]*|`)make ([a-z][a-z-]+)"), ids=str)
def test_make_targets_exist(command: Command) -> None:
    assert command.name in make_targets()


@pytest.mark.parametrize("command", named(r"ansible-playbook .*carpentries\.amy\.([a-z_]+)"), ids=str)
def test_playbooks_exist(command: Command) -> None:
    assert (ROOT / "playbooks" / f"{command.name}.yml").is_file()


@pytest.mark.parametrize(("page", "before", "commands"), list(blocks()))
def test_commands_are_run_by_a_test_or_say_why_not(page: str, before: str, commands: str) -> None:
    run_by = RUN_BY.fullmatch(before)
    assert run_by or NOT_RUN.fullmatch(before), (
        f"{page}: before a block there must be <!-- run by tests/... --> or <!-- not run: why -->, not {before!r}"
    )
    if run_by:
        test = (ROOT / run_by[1]).read_text(encoding="utf-8")
        missing = [verb for verb in re.findall(r"^\s*make ([a-z-]+)", commands, re.MULTILINE) if not runs(test, verb)]
        assert not missing, f"{page}: {run_by[1]} does not run make {', '.join(missing)}"


def runs(test: str, verb: str) -> bool:
    """Whether the text of a test runs what `make verb` runs."""
    playbook = verb.replace("-", "_")
    ways = [
        rf'run_playbook\("{playbook}"',
        rf"\b(Running)?{playbook}\w*\(",
        f"local_cloud {verb.removeprefix('local-')}",
    ]
    return any(re.search(way, test, re.IGNORECASE) for way in ways)


@pytest.mark.parametrize(("page", "target"), list(links()))
def test_links_lead_somewhere(page: str, target: str) -> None:
    path, _hash, anchor = target.partition("#")
    there = ((ROOT / page).parent / path).resolve() if path else ROOT / page
    if name_of(there).startswith(GENERATED):
        return
    assert there.exists()
    assert not anchor or anchor in anchors(there)


def names(kind: str) -> list[str]:
    if kind == "role":
        return sorted(path.parent.parent.name for path in (ROOT / "roles").glob("*/meta/argument_specs.yml"))
    if kind == "module":
        return sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py"))
    if kind == "callback":
        return sorted(path.stem for path in (ROOT / "plugins" / "callback").glob("*.py"))
    return sorted(documented_filters())


def documented_filters() -> Iterator[str]:
    """Filters have their documentation in a file of their own or in one of their name."""
    for path in (ROOT / "plugins" / "filter").glob("*"):
        if path.suffix == ".yml":
            yield str(yaml.safe_load(path.read_text(encoding="utf-8"))["DOCUMENTATION"]["name"])
        elif path.suffix == ".py" and "\nDOCUMENTATION" in path.read_text(encoding="utf-8"):
            yield path.stem


@pytest.mark.parametrize("kind", ["role", "module", "filter", "callback"])
def test_ansible_doc_knows_them_all(kind: str) -> None:
    fqcns = [f"carpentries.amy.{name}" for name in names(kind)]
    program = str(Path(sys.executable).with_name("ansible-doc"))
    asked = subprocess.run([program, "-t", kind, *fqcns], cwd=ROOT, capture_output=True, text=True, check=False)
    assert asked.returncode == 0, asked.stderr
    unknown = [name for name in fqcns if name not in asked.stdout]
    assert fqcns
    assert not unknown, asked.stderr


def test_a_table_keeps_the_names_of_its_columns_on_a_narrow_screen() -> None:
    style = (ROOT / "docs/_static/site.css").read_text(encoding="utf-8")
    assert "thead { display: none" not in style
    assert ".table-wrapper > table.docutils:has(th:nth-child(3)) { min-width" in style
