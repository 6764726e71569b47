# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from ansible_collections.carpentries.amy.plugins.filter.reversal_losses import reversal_losses


def test_rows_of_tables_and_values_of_columns_are_counted_and_empty_ones_left_out() -> None:
    evidence = [
        {"name": "emails.0001_initial", "lost": {"emails_email": 12, "emails_flag": 0, "person.evaluator_id": 97}},
        {"name": "people.0002_index", "lost": {}},
    ]
    assert reversal_losses(evidence) == [
        "emails.0001_initial: 12 rows of emails_email are lost, 97 values of person.evaluator_id are lost",
        "people.0002_index: no row and no value is lost",
    ]
