"""Create the ledger."""

from __future__ import annotations

import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    """Create the tables of notices, uploads and job runs."""

    initial = True

    operations = [
        migrations.CreateModel(
            name="JobRun",
            fields=[
                ("run_id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                ("job_id", models.CharField(db_index=True, max_length=100)),
                ("repeating", models.BooleanField(default=False)),
                ("started", models.DateTimeField(auto_now_add=True)),
                ("ended", models.DateTimeField(null=True)),
                ("release", models.CharField(max_length=50)),
                ("worker_host", models.CharField(max_length=100)),
                ("worker_pid", models.PositiveIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(max_length=100)),
                ("body", models.TextField()),
                ("position", models.PositiveIntegerField(unique=True)),
            ],
            options={"ordering": ("position",)},
        ),
        migrations.CreateModel(
            name="UploadRecord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("request_id", models.CharField(max_length=100, unique=True)),
                ("size", models.PositiveBigIntegerField()),
                ("sha256", models.CharField(max_length=64)),
                ("arrivals", models.PositiveIntegerField(default=1)),
                ("release", models.CharField(max_length=50)),
                ("host", models.CharField(max_length=100)),
                ("received", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
