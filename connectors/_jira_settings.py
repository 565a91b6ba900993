"""What a source of the type `jira` can be told; its fields are the keys of `[sources.<name>]`."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from connectors import contract
from connectors._reading import WebAddress

Outcome = Literal["approved", "rejected", "stopped", "deferred"]
_QUOTED = re.compile(r"""("[^"]*"|'[^']*')""")
_ORDER = re.compile(r"\border\s+by\b", re.IGNORECASE)


def _unordered(jql: str) -> str:
    if _ORDER.search(_QUOTED.sub("", jql)):
        raise ValueError("must have no ORDER BY: it is put together with other conditions")
    return jql


Condition = Annotated[str, AfterValidator(_unordered)]
GroupCondition = Annotated[str, StringConstraints(min_length=1), AfterValidator(_unordered)]
GroupName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")]


class Statuses(BaseModel):
    """Names of statuses, or of resolutions, by what they mean; case does not matter."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    approved: tuple[str, ...] = Field(
        default=("Approved", "Accepted", "Committed", "Selected for Development", "Ready for delivery", "Go"),
        description="An idea got its yes.",
    )
    rejected: tuple[str, ...] = Field(
        default=("Rejected", "Declined", "Won't Do", "No Go"), description="An idea got its no before work began."
    )
    stopped: tuple[str, ...] = Field(
        default=("Cancelled", "Canceled", "Stopped", "Abandoned"),
        description="An idea was stopped after it had its yes.",
    )
    deferred: tuple[str, ...] = Field(
        default=("Deferred", "On Hold", "Parked", "Parking lot"),
        description="The decision was put off: neither a yes nor a no.",
    )
    considering: tuple[str, ...] = Field(
        default=("Discovery", "Under Review", "In Review", "Under Consideration"),
        description="An idea is being weighed; never a start of work, whatever the category of the status.",
    )
    start: tuple[str, ...] = Field(
        default=(), description="Work is under way; empty: every other status that Jira counts as in progress."
    )


class Feedback(BaseModel):
    """Which requests of Jira Service Management are feedback, and whose."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    projects: tuple[str, ...] = Field(
        default=(), description="Keys of the service projects whose requests are feedback; they are read besides."
    )
    request_types: tuple[str, ...] = Field(
        default=(), description="Names of request types that are feedback; empty: every one of those projects."
    )
    own_domains: tuple[str, ...] = Field(
        default=(),
        description="Mail domains of the organisation itself: what their people ask is no customer's feedback.",
    )


class Settings(contract.HookedSettings):
    """What to read of one Jira."""

    url: WebAddress = Field(
        description="Address of the site; of an own server with its path, if it has one.",
        examples=["https://example.atlassian.net"],
    )
    site: WebAddress | None = Field(
        default=None,
        description="Address of the site for people, where url is another one, as with api.atlassian.com.",
        examples=["https://example.atlassian.net"],
    )
    email: str = Field(
        "",
        description="Mail address of the account of an API token, or the user's name where token is a password; empty "
        "if the token is an OAuth token or a personal access token.",
    )
    token: SecretStr = Field(description="API token, or personal access token of a Data Center.")
    deployment: Literal["auto", "cloud", "server"] = Field(
        default="auto", description="Which Jira it is, cloud or server (Data Center); auto: it says so itself."
    )
    projects: tuple[str, ...] = Field(
        default=(), description="Keys of the projects to read; empty: all that the account sees."
    )
    jql: Condition = Field(
        default="", description="A further condition in JQL on the issues to read, without ORDER BY."
    )
    initiatives: Condition = Field(
        default="issuetype = Initiative", description="JQL of the issues that are initiatives; empty: none of them."
    )
    ideas: tuple[str, ...] = Field(
        default=("Idea", "Initiative"),
        description="Issue types that are ideas; every issue of a Product Discovery project is one too.",
    )
    statuses: Statuses = Field(default=Statuses(), description="What the statuses mean, as lists of names.")
    groups: dict[GroupName, GroupCondition] = Field(
        default={},
        description='Groups of issues, each by a name and its JQL such as { checkout = "labels = checkout" }; an '
        "initiative claims one as jira:group/checkout.",
    )
    feedback: Feedback = Field(
        default=Feedback(), description="Which requests of Jira Service Management are customers' feedback."
    )
    parent_links: tuple[str, ...] = Field(
        default=("implements", "is child of", "is part of", "split from", "Polaris work item link"),
        description="Links that lead from an issue to its parent: their phrase, or the name of their type if outward.",
    )
    epic_field: str | None = Field(
        default=None,
        description="Custom field that holds an issue's epic, where it is none of Jira's own, which are found.",
    )
    idea_date_field: str | None = Field(
        default=None,
        description="Custom field with the date when leadership first heard of an idea; it overrides the creation.",
    )
    top_down_labels: tuple[str, ...] = Field(
        default=("top-down",), description="Labels of initiatives that leadership began."
    )
    bottom_up_labels: tuple[str, ...] = Field(
        default=("bottom-up",), description="Labels of initiatives that those who do the work began."
    )
    absent_is_deleted: bool = Field(
        default=False,
        description="Take what Jira Cloud finds no more for deleted, which it cannot tell from hidden; right only "
        "where the account may see everything.",
    )

    @property
    def pages(self) -> str:
        """Return where people look at issues."""
        return self.site or self.url

    @property
    def read_projects(self) -> tuple[str, ...]:
        """List the keys of the projects to read; none of them means all."""
        return tuple(dict.fromkeys((*self.projects, *self.feedback.projects))) if self.projects else ()
