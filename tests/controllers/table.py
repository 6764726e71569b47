# SPDX-License-Identifier: GPL-3.0-or-later
"""The controllers that are supported: which Python, which Ansible, and the suite of Debian that has this Python."""

from __future__ import annotations

from dataclasses import dataclass

from lab.local_cloud.distributions import Distribution

# Hosts have no Debian 14 yet; controllers have its Python.
BOOKWORM, TRIXIE, FORKY = (
    Distribution("debian12", "bookworm"),
    Distribution("debian13", "trixie"),
    Distribution("debian14", "forky"),
)
# Everything that needs no host and no stage.
ALL_UNITS = ("tests/unit", "tests/templates", "--ignore=tests/unit/local_cloud")
PLUGINS = ("tests/unit/plugins", *(f"tests/unit/test_{name}.py" for name in ("inventories", "modules", "deprecations")))
INVENTORY = ("tests/provision/test_inventory.py",)


@dataclass(frozen=True)
class Controller:
    """One machine that commands run on, and the arguments of each pytest that judges it."""

    python: str
    distribution: Distribution
    ansible: int
    tests: tuple[tuple[str, ...], ...] = (PLUGINS, INVENTORY)

    @property
    def name(self) -> str:
        """What an operator calls it, for example `python3.13-ansible14`."""
        return f"python{self.python}-ansible{self.ansible}"


# Ansible 13 and 14 need Python 3.12; Ansible 12 ends with Python 3.13.
CONTROLLERS = (
    Controller("3.11", BOOKWORM, 12),
    Controller("3.13", TRIXIE, 12),
    Controller("3.13", TRIXIE, 13),
    Controller("3.13", TRIXIE, 14, tests=(ALL_UNITS, INVENTORY)),
    Controller("3.14", FORKY, 13),
    Controller("3.14", FORKY, 14),
)


def chosen(names: list[str]) -> list[Controller]:
    """The controllers called `names`, all of them if there are none. Raises ValueError for a name that none has."""
    unknown = set(names) - {controller.name for controller in CONTROLLERS}
    if unknown:
        raise ValueError(
            f"There is no controller {', '.join(sorted(unknown))}. "
            f"Controllers are: {', '.join(controller.name for controller in CONTROLLERS)}"
        )
    return [controller for controller in CONTROLLERS if not names or controller.name in names]
