# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What of an operator's git counts: how a repository is reached, and nothing else. Decides, never acts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

# https://git-scm.com/docs/git-config: names of settings, with the section and the last part in lower case.
_REACH = re.compile(
    r"(credential|http|https|protocol|ssh|url)\..+|core\.(askpass|gitproxy|sshcommand)|remote\..+\.proxy(authmethod)?",
    re.DOTALL,
)
# https://git-scm.com/docs/git#_environment_variables
_REACH_VARIABLES = re.compile(
    r"GIT_(ALLOW_PROTOCOL|ASKPASS|EXEC_PATH|PROTOCOL|PROXY_COMMAND|SSH|SSH_COMMAND|SSH_VARIANT|(HTTP|SSL)_\w+)"
)
# A file, because a local repository gets no settings by the environment. The operator has named it: its owner does not
# matter. Hooks and attributes of the operator would change what is fetched and archived.
SETTINGS = "[safe]\n\tdirectory = *\n[core]\n\thooksPath = /dev/null\n\tattributesFile = /dev/null\n"
# These win over the attributes of the source, which may keep files out of archives that its authors publish.
ATTRIBUTES = "* -export-ignore\n"


def reach(listed: str) -> list[tuple[str, str]]:
    """The settings that lead to a repository, in their order, of what `git config --list --null` has `listed`."""
    pairs = [entry.partition("\n") for entry in listed.split("\0") if entry]
    # A name without a value is a switch that is on.
    return [(name, value if equals else "true") for name, equals, value in pairs if _REACH.fullmatch(name)]


def environment(
    base: Mapping[str, str], *, settings: str = "/dev/null", reaching: Sequence[tuple[str, str]] = ()
) -> dict[str, str]:
    """The environment in which git obeys `settings` (a path) and `reaching`, of the operator's environment `base`."""
    kept = {name: value for name, value in base.items() if not name.startswith("GIT_") or _REACH_VARIABLES.match(name)}
    given = {
        f"GIT_CONFIG_{part}_{number}": text
        for number, pair in enumerate(reaching)
        for part, text in zip(("KEY", "VALUE"), pair)
    }
    # A question would wait for a person who does not see it.
    says_how = {"GIT_SSH", "GIT_SSH_COMMAND"} & set(kept) or any(name == "core.sshcommand" for name, _value in reaching)
    quiet = {} if says_how else {"GIT_SSH_COMMAND": "ssh -oBatchMode=yes"}
    return {
        **kept,
        **given,
        **quiet,
        "GIT_CONFIG_COUNT": str(len(reaching)),
        "GIT_CONFIG_GLOBAL": settings,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
    }
