# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the documentation; `make docs` runs it."""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

project = "carpentries.amy"
project_copyright = "The carpentries.amy contributors"
author = "The carpentries.amy contributors"
extensions = ["myst_parser", "sphinx_antsibull_ext", "sphinx_copybutton"]

html_theme = "furo"
html_title = "carpentries.amy"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False

myst_enable_extensions = ["attrs_block"]
# Links to a heading, as GitHub names them.
myst_heading_anchors = 3
antsibull_ext_color_scheme = "default-autodark"
highlight_language = "yaml+jinja"

# What antsibull-docs refers to in Ansible's own documentation. intersphinx would have to fetch an inventory for it.
ANSIBLE = "https://docs.ansible.com/projects/ansible/latest"
ANSIBLE_PAGES = {
    "action_plugins": "plugins/action.html",
    "ansible_configuration_settings": "reference_appendices/config.html",
    "ansible_collections.community.aws.acm_certificate_module": "collections/community/aws/acm_certificate_module.html",
    "callback_plugins": "plugins/callback.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}


# The reference is of the public modules only (scripts/docs.sh). A private one that it names gets no link.
PRIVATE = "ansible_collections.carpentries.amy."


def resolve_elsewhere(_app: Sphinx, _env: Any, reference: Any, content: nodes.Node) -> nodes.Node | None:
    """A link to the page that `reference` means if it is one of ANSIBLE_PAGES, and text if it is a private module's."""
    target = reference.get("reftarget", "")
    if target.startswith(PRIVATE):
        return content
    page = ANSIBLE_PAGES.get(target)
    return nodes.reference("", "", content, refuri=f"{ANSIBLE}/{page}") if page else None


def setup(app: Sphinx) -> None:
    """Called by Sphinx."""
    app.connect("missing-reference", resolve_elsewhere)
