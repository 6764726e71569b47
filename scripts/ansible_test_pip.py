# SPDX-License-Identifier: GPL-3.0-or-later
"""What `ansible-test` runs to put pip into an environment of its own, in place of a script that it would download.

It is copied to where the download would be kept. Python's own pip does as well, and needs no download.
"""

import ensurepip

ensurepip.bootstrap()
