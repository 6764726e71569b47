# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Django application's manage.py offers of django-rq, without Django."""

from __future__ import annotations

import os
import sys

import redis
import rq
from rq_scheduler.scheduler import Scheduler

connection = redis.Redis.from_url(os.environ["APP_REDIS_URL"])
command, *arguments = sys.argv[1:]
if command == "rqworker":
    rq.Worker([rq.Queue(name, connection=connection) for name in arguments], connection=connection).work()
elif command == "rqscheduler":
    Scheduler(connection=connection, interval=int(arguments[arguments.index("--interval") + 1])).run()
elif command == "shell":
    exec(arguments[arguments.index("-c") + 1])  # noqa: S102 - what Django's own does
else:
    sys.exit(f"unknown command: {command}")
