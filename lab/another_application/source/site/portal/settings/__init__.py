"""Settings: `base` is common to all, `build` is for what needs no stage, `production` reads SITE_* variables."""
