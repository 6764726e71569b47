# Schedules what is not scheduled yet; read by `manage.py shell`.
from datetime import datetime, timedelta, timezone

import django_rq
from ledger.actions import AnnounceNotice
from ledger.models import Notice

ONCE, REPEATED = 250, 50
DAY = 24 * 3600

scheduler = django_rq.get_scheduler("default")
notices = list(Notice.objects.order_by("position"))
known = {job.id for job in scheduler.get_jobs()}
begin = datetime.now(timezone.utc) + timedelta(days=2)
new = [f"once-{number:03}" for number in range(ONCE)] + [f"repeated-{number:03}" for number in range(REPEATED)]
new = [name for name in new if name not in known]
for name in new:
    kind, number = name.split("-")
    launch = begin + timedelta(minutes=97 * int(number))
    action = AnnounceNotice(notice=notices[int(number) % len(notices)], seconds=1, repeating=kind == "repeated")
    repetition = {"interval": 7 * DAY, "repeat": 6} if kind == "repeated" else {}
    scheduler.schedule(launch, action, meta={"action": action}, id=name, **repetition)

print(f"scheduled {len(new)} jobs")
