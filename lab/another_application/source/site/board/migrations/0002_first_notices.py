"""An empty board would prove nothing."""

from __future__ import annotations

from django.db import migrations

NOTICES = (
    ("Welcome", "This board is on every web host, and in one database."),
    ("Opening hours", "Always, also while a release is deployed."),
)


def write(apps, schema_editor):
    """Write the first notices."""
    notice = apps.get_model("board", "Notice")
    for title, text in NOTICES:
        notice.objects.create(title=title, text=text)


class Migration(migrations.Migration):
    """Write the first notices."""

    dependencies = [("board", "0001_board")]
    operations = [migrations.RunPython(write, migrations.RunPython.noop)]
