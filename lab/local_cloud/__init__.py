# SPDX-License-Identifier: GPL-3.0-or-later
"""The AWS of the `local` stage: moto answers the API, Docker runs the instances, HAProxy balances the load."""
