# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that proves the product and is no part of it: the built collection needs none of this."""
