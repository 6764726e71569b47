"""The board."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create Notice."""

    initial = True
    dependencies = []
    operations = [
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=200)),
                ("text", models.TextField()),
            ],
            options={"ordering": ["-pk"]},
        ),
    ]
