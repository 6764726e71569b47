# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

from lab.local_cloud.package_cache import PackageCache, configuration
from lab.local_cloud.settings import Settings


def test_mirror_listens_on_the_gateway_only() -> None:
    text = configuration(Settings(), {})
    assert "BindAddress: 10.77.0.1\n" in text
    assert "Proxy:" not in text


def test_this_computers_proxy_is_the_way_out() -> None:
    assert "Proxy: http://proxy:8080\n" in configuration(Settings(), {"http_proxy": "http://proxy:8080"})


def test_hosts_use_the_mirror_for_http_only() -> None:
    (file,) = PackageCache(Settings()).client_files()
    assert b'Acquire::http::Proxy "http://10.77.0.1:5142";' in file.content
    assert b'Acquire::https::Proxy "DIRECT";' in file.content
