# SPDX-License-Identifier: GPL-3.0-or-later
"""A site is understood as nginx -T prints it, or refused with what is missing."""

from __future__ import annotations

import pytest
from ansible_collections.carpentries.amy.plugins.module_utils.old_server.nginx_site import SiteError, site_of

DOMAIN = "amy.example.org"
CONFIGURATION = """\
# configuration file /etc/nginx/nginx.conf:
events { worker_connections 768; }
http {
    log_format main '$remote_addr "$request" {braces; and all}';  # a comment; with { marks
    include /etc/nginx/sites-enabled/*;
}
# configuration file /etc/nginx/sites-enabled/amy:
upstream application {
    server unix:/webapps/amy.example.org/gunicorn.sock fail_timeout=0;
}
server {
    listen 80;
    server_name amy.example.org www.amy.example.org;
    location ^~ /.well-known/acme-challenge/ { root /var/www/letsencrypt; }
    return 301 https://${host}$request_uri;
}
server {
    listen 443 ssl http2;
    server_name amy.example.org "www.amy.example.org";
    ssl_certificate /etc/letsencrypt/live/amy/fullchain.pem;
    ssl_certificate_key /etc/letsencrypt/live/amy/privkey.pem;
    location /static/ { alias /webapps/amy.example.org/repo/static/; }
    location / {
        if (-f $document_root/maintenance_on.html) { return 503; }
        proxy_pass http://application;
    }
}
"""


def test_names_certificate_and_socket_are_those_of_the_server_with_tls() -> None:
    assert site_of(CONFIGURATION, DOMAIN)._asdict() == {
        "file": "/etc/nginx/sites-enabled/amy",
        "names": [DOMAIN, f"www.{DOMAIN}"],
        "certificate": "/etc/letsencrypt/live/amy/fullchain.pem",
        "certificate_key": "/etc/letsencrypt/live/amy/privkey.pem",
        "application_socket": "/webapps/amy.example.org/gunicorn.sock",
        "socket_files": ["/etc/nginx/sites-enabled/amy"],
        "challenge_root": "/var/www/letsencrypt",
    }


def test_a_socket_may_be_named_where_it_is_passed_to() -> None:
    direct = CONFIGURATION.replace("http://application", "http://unix:/run/g.sock:/")
    assert site_of(direct, DOMAIN).application_socket == "/run/g.sock"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("ssl_certificate /", "# ssl_certificate /", "no server with the name"),
        ("unix:/webapps/amy.example.org/gunicorn.sock fail_timeout=0", "127.0.0.1:8000", "nginx has 127.0.0.1:8000;"),
        ("proxy_pass http://application", "root /var/www", "nginx has nothing;"),
        ("location /static/ {", "location /a/ { proxy_pass http://unix:/b:/; ", "nginx has /b, /webapps"),
    ],
)
def test_what_cannot_be_held_is_refused_by_name(old: str, new: str, says: str) -> None:
    with pytest.raises(SiteError, match=says):
        site_of(CONFIGURATION.replace(old, new), DOMAIN)
