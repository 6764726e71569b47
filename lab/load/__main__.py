# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m lab.load`: run a load, write its report, print a summary; exits 0 only if nothing was lost."""

from __future__ import annotations

import asyncio
import signal
import sys
from functools import partial
from pathlib import Path

from lab.load.generator import Generator
from lab.load.options import Options, parse
from lab.load.process import STARTED
from lab.load.report import Report


async def run(options: Options) -> Report:
    """Run the load until its end or a signal."""
    generator = Generator(options=options)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, partial(generator.stop, reason=number.name))
    sys.stdout.write(f"{STARTED}\n")
    sys.stdout.flush()
    return await generator.run()


def main() -> int:
    """Return the exit code: 1 when a request was lost or not sent."""
    options = parse()
    report = asyncio.run(run(options))
    if options.report:
        Path(options.report).write_text(report.to_json() + "\n")
    sys.stdout.write(report.summary() + "\n")
    return 1 if report.lost or report.skipped else 0


if __name__ == "__main__":
    sys.exit(main())
