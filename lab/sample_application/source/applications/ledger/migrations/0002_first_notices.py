"""Give the login page its notices, so that there are rows for every later migration to meet."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

NOTICES = (
    ("Welcome", "This site keeps track of workshops."),
    ("Instructors", "Training events are announced here."),
    ("Hosts", "Request a workshop for your institution."),
    ("Privacy", "Read how we handle personal data."),
)


def create(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Insert the notices."""
    notice = apps.get_model("ledger", "Notice")
    notice.objects.bulk_create(
        notice(title=title, body=body, position=position) for position, (title, body) in enumerate(NOTICES, start=1)
    )


class Migration(migrations.Migration):
    """Insert the first notices; backwards nothing is needed, since their table goes."""

    dependencies = [("ledger", "0001_ledger")]
    operations = [migrations.RunPython(create, migrations.RunPython.noop)]
