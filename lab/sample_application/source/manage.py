"""The application's command line: `python manage.py migrate`, `rqworker default`, `rqscheduler`, ..."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    # Last, as in AMY: `applications/locale` must not take the place of Python's own module.
    sys.path.append(str(Path(__file__).resolve().parent / "applications"))
    execute_from_command_line(sys.argv)
