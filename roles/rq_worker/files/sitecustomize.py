# SPDX-License-Identifier: GPL-3.0-or-later
"""Python imports this in each worker: it keeps a worker's command channel alive when Redis restarts.

RQ 1's thread that listens for commands ends with its connection. The worker goes on, but no command can wake it any
more to look at a suspension, and with redis-py 5 it never ends when it is told to: unsubscribing connects again, which
waits for a lock that it holds itself. A new thread on the same subscription connects by itself. RQ 2 needs none of
this.
"""

import threading
import time

PAUSE_SECONDS = 1.0

report = threading.excepthook


def renew_listener(failure: threading.ExceptHookArgs) -> None:
    """Report the exception that ended a thread; if the thread listened to Redis, start its successor."""
    report(failure)
    pubsub = getattr(failure.thread, "pubsub", None)
    if pubsub is not None:
        time.sleep(PAUSE_SECONDS)
        pubsub.run_in_thread(sleep_time=getattr(failure.thread, "sleep_time", PAUSE_SECONDS), daemon=True)


threading.excepthook = renew_listener
