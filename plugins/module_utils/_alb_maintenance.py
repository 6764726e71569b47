# Copyright: (c) 2026, The carpentries.amy contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The load balancer's own maintenance page: on each listener a rule before all others, with a fixed response.

A rule, not the listener's default action: what `make provision` describes are the default actions, and it leaves rules
alone. Private to this collection; runs on the controller only (boto3).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._aws_client import translated

if TYPE_CHECKING:
    from mypy_boto3_elbv2.client import ElasticLoadBalancingv2Client
    from mypy_boto3_elbv2.type_defs import ActionTypeDef, RuleConditionTypeDef, RuleTypeDef

# Whichever rules there are, this one is asked first.
PRIORITY = 1
STATUS = "503"
# Bytes; https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_FixedResponseActionConfig.html
LONGEST_PAGE = 1024
EVERY_PATH = "/*"


class PageRefusedError(Exception):
    """The page cannot be switched, and nothing has been touched; the message says why and what to do."""


@dataclass(frozen=True)
class ListenerPage:
    """A listener, and the rule of the page's priority: its ARN, and the page that it shows; None if there is none."""

    listener: str
    rule: str | None = None
    page: str | None = None

    @property
    def taken(self) -> bool:
        """Whether the page's priority is another rule's."""
        return self.rule is not None and self.page is None


# What the API is asked to do, as a word for the result and a call.
Step = tuple[str, Callable[[], Any]]


class MaintenanceApi:
    """The listeners of one load balancer. Every method raises AwsError."""

    def __init__(self, *, client: ElasticLoadBalancingv2Client, name: str) -> None:
        self._client = client
        self._name = name

    def look(self) -> list[ListenerPage]:
        """Every listener, with its page if it shows one."""
        remedies = {"LoadBalancerNotFound": "Create it with: make provision STAGE=<stage>"}
        with translated(doing=f"read the listeners of load balancer {self._name}", remedies=remedies):
            (balancer,) = self._client.describe_load_balancers(Names=[self._name])["LoadBalancers"]
            listeners = self._client.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
            return [self._look_at(listener["ListenerArn"]) for listener in listeners]

    def steps(self, found: Sequence[ListenerPage], *, page: str | None) -> list[Step]:
        """What must be done so that every listener shows `page`; None for none. Raises PageRefusedError."""
        if page is None:
            return [("delete_rule", self._deletion(one)) for one in found if one.page is not None]
        require_short(page)
        require_free(found)
        return [
            ("create_rule", self._creation(one, page)) if one.rule is None else ("modify_rule", self._change(one, page))
            for one in found
            if one.page != page
        ]

    def _look_at(self, listener: str) -> ListenerPage:
        rules = self._client.describe_rules(ListenerArn=listener)["Rules"]
        rule = next((rule for rule in rules if rule["Priority"] == str(PRIORITY)), None)
        return ListenerPage(listener, rule["RuleArn"], page_of(rule)) if rule else ListenerPage(listener)

    def _creation(self, one: ListenerPage, page: str) -> Callable[[], Any]:
        return lambda: self._client.create_rule(
            ListenerArn=one.listener, Priority=PRIORITY, Conditions=[_condition()], Actions=[_action(page)]
        )

    def _change(self, one: ListenerPage, page: str) -> Callable[[], Any]:
        return lambda: self._client.modify_rule(RuleArn=str(one.rule), Actions=[_action(page)])

    def _deletion(self, one: ListenerPage) -> Callable[[], Any]:
        return lambda: self._client.delete_rule(RuleArn=str(one.rule))


def page_of(rule: RuleTypeDef) -> str | None:
    """The page that `rule` answers every request with; None if it does something else."""
    paths = [
        path
        for condition in rule["Conditions"]
        for path in condition.get("Values") or condition.get("PathPatternConfig", {}).get("Values", [])
    ]
    response = rule["Actions"][0].get("FixedResponseConfig")
    if paths != [EVERY_PATH] or not response or response["StatusCode"] != STATUS:
        return None
    return response.get("MessageBody", "")


def require_short(page: str) -> None:
    """Raises PageRefusedError for a page that a load balancer would not take."""
    size = len(page.encode())
    if size > LONGEST_PAGE:
        raise PageRefusedError(
            f"The page has {size} bytes, and a load balancer's own answer at most {LONGEST_PAGE}. Nothing has been "
            "touched. Shorten maintenance_text or maintenance_title, and run the same command again."
        )


def require_free(found: Sequence[ListenerPage]) -> None:
    """Raises PageRefusedError if there is no listener, or another rule where the page's would be."""
    if not found:
        raise PageRefusedError("The load balancer has no listener. Create them with: make provision STAGE=<stage>")
    for one in found:
        if one.taken:
            raise PageRefusedError(
                f"Another rule has priority {PRIORITY}, so the page would not be the answer to everything. Nothing has "
                "been touched. Give that rule another priority, and run the same command again: "
                f"aws elbv2 set-rule-priorities --rule-priorities RuleArn={one.rule},Priority=100"
            )


def perform(steps: Sequence[Step], *, name: str) -> None:
    """Do all `steps`. Raises AwsError; what has been done then stays, and the same command does the rest."""
    for word, call in steps:
        with translated(doing=f"{word.replace('_', ' the ')} of the maintenance page at load balancer {name}"):
            call()


def _condition() -> RuleConditionTypeDef:
    return {"Field": "path-pattern", "PathPatternConfig": {"Values": [EVERY_PATH]}}


def _action(page: str) -> ActionTypeDef:
    return {
        "Type": "fixed-response",
        "FixedResponseConfig": {"StatusCode": STATUS, "ContentType": "text/html", "MessageBody": page},
    }
