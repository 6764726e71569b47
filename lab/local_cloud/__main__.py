# SPDX-License-Identifier: GPL-3.0-or-later
"""The local cloud's command line: `python -m lab.local_cloud up|down|status|serve|image|acme|fault`."""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from . import acme, engine, images, lifecycle
from .control import ControlError, request
from .distributions import DEFAULT, DISTRIBUTIONS
from .settings import Settings


def main(arguments: Sequence[str]) -> int:
    """Run one command; return its exit code: 0 done, 1 refused or failed, 3 (`status`) not running."""
    options = _parser().parse_args(arguments)
    settings = Settings(directory=options.directory.resolve())
    logging.basicConfig(level=logging.INFO, format="local cloud: %(message)s", stream=sys.stderr)
    try:
        return int(options.run(settings, options) or 0)
    except (ControlError, engine.EngineError, images.ImageError, lifecycle.LifecycleError) as error:
        print(f"local cloud: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab.local_cloud", description=__doc__)
    parser.add_argument("--directory", type=Path, default=Path(".local"), help="where all state is (default: .local)")
    commands = parser.add_subparsers(metavar="command", required=True)

    def command(
        name: str, run: Callable[[Settings, argparse.Namespace], int | None] | None, text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    up = command("up", _up, "Start the local cloud; does nothing if it runs.")
    up.add_argument("--stage", help="the stage that is wanted; refuse to start where another one is")
    up.add_argument("--take-over", action="store_true", help="remove what another checkout's, which ended, has left")
    command("down", lambda settings, _: lifecycle.down(settings), "Remove everything the local cloud has started.")
    status = command("status", _status, "Tell whether it runs, and what its stage consists of.")
    status.add_argument("--stage", help="answer 3, too, unless it has this stage, with a load balancer")
    command("serve", lambda settings, _: lifecycle.serve(settings), "Be the control plane, in the foreground.")
    image = command("image", _image, "Build the hosts' image if need be, and print its tag.")
    image.add_argument(
        "--distribution", choices=list(DISTRIBUTIONS), default=DEFAULT.name, help="(default: %(default)s)"
    )
    command("acme", _acme, "Run an ACME authority beside the cloud, and print the URL of its directory.")
    fault = command("fault", None, "Make AWS API calls throttle, fail or be slow.")
    _fault_commands(fault)
    return parser


def _fault_commands(parser: argparse.ArgumentParser) -> None:
    kinds = parser.add_subparsers(metavar="kind", required=True)

    def kind(name: str, text: str) -> argparse.ArgumentParser:
        added = kinds.add_parser(name, help=text, description=text)
        added.add_argument("action", help="the action's name or a shell pattern: DescribeTargetHealth, 'PUT /bucket/*'")
        added.add_argument("--times", type=int, default=1, help="how many calls are hit (default: 1)")
        added.add_argument("--every", type=int, default=1, help="hit each n-th call only (default: 1)")
        added.set_defaults(run=_add_fault, seconds=0.0, code=None, status=400)
        return added

    kind("throttle", "Answer with the service's throttling error.").set_defaults(code="throttle")
    fail = kind("fail", "Answer with an error.")
    fail.add_argument("--code", required=True, help="the error's code: UnauthorizedOperation, InternalError, ...")
    fail.add_argument("--status", type=int, default=400, help="the HTTP status (default: 400)")
    slow = kind("slow", "Carry the call out, but late.")
    slow.add_argument("--seconds", type=float, required=True)
    for name, method, path, text in (
        ("list", "GET", "/_local/faults", "Show the faults that are still to come."),
        ("clear", "DELETE", "/_local/faults", "Take all faults back."),
        ("calls", "GET", "/_local/calls", "Show how often each action was called."),
    ):
        kinds.add_parser(name, help=text, description=text).set_defaults(run=_fault_control, method=method, path=path)


def _add_fault(settings: Settings, options: argparse.Namespace) -> None:
    names = ("action", "times", "every", "seconds", "code", "status")
    _print_json(request(settings, "POST", "/_local/faults", {name: getattr(options, name) for name in names}))


def _fault_control(settings: Settings, options: argparse.Namespace) -> None:
    _print_json(request(settings, options.method, options.path))


def _up(settings: Settings, options: argparse.Namespace) -> None:
    lifecycle.up(settings, take_over=options.take_over, stage=options.stage)


def _status(settings: Settings, options: argparse.Namespace) -> int:
    state = lifecycle.running(settings)
    if state is None:
        print("The local cloud does not run. To start it: python -m lab.local_cloud up")
        return 3
    print(f"The local cloud answers at {settings.controller_endpoint} (process {state['pid']}).")
    stage = lifecycle.described(settings)
    print(json.dumps(stage, indent=2))
    is_there = options.stage is None or (stage.get("stage") == options.stage and stage["load_balancer_url"])
    return 0 if is_there else 3


def _image(settings: Settings, options: argparse.Namespace) -> None:
    engine.prepare(settings)
    print(images.ensure_base_image(settings, DISTRIBUTIONS[options.distribution]))


def _acme(settings: Settings, _: argparse.Namespace) -> None:
    if lifecycle.running(settings) is None:
        raise lifecycle.LifecycleError("the local cloud does not run; to start it: python -m lab.local_cloud up")
    print(acme.ask_for(settings))


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
