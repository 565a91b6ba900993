"""The keys of a source that reads GitHub."""

import re
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from connectors import contract
from connectors._reading import ISSUE_KEY, Pattern, WebAddress


class Settings(contract.HookedSettings):
    """What to read of GitHub."""

    url: WebAddress = Field(
        default="https://api.github.com", description="Address of the API; of an Enterprise Server https://HOST/api/v3."
    )
    token: SecretStr | None = Field(
        default=None, description="Token that may read; without one only public repositories, and 60 requests an hour."
    )
    app_id: str | None = Field(
        default=None,
        description="Id of a GitHub App that signs in by itself; then the token is not used.",
        examples=["123456"],
    )
    app_installation: int | None = Field(
        default=None, description="Number of the app's installation, as its address ends.", examples=[7654321]
    )
    app_key: SecretStr | None = Field(default=None, description="Private key of the app, the file that GitHub made.")
    repositories: tuple[str, ...] = Field(
        description="The repositories to read, each as owner/name; acme/* are all of acme that the token sees.",
        examples=[["acme/shop", "acme/payments"]],
    )
    artefacts: str = Field(
        default="github:", min_length=1, description="Begins the keys of artefacts; of a second server another: ghe:."
    )
    deploys_from: Literal["auto", "deployments", "releases"] = Field(
        default="auto",
        description="What counts as a deploy: deployments, releases, or auto: releases where production has none.",
    )
    production: tuple[str, ...] = Field(
        default=("production",),
        description="Environments that are production, * stands for anything; so is what GitHub itself marks as such.",
    )
    ignored_environments: tuple[str, ...] = Field(
        default=(), description="Environments whose deployments are left out, such as preview*."
    )
    recheck_days: int = Field(
        default=14, ge=0, description="For so many days a deployment may get its result, and a commit be pushed late."
    )
    trunk_commits: bool = Field(
        default=True, description="Read commits of the default branch that came without a pull request as changes."
    )
    closing_issues: bool = Field(
        default=True, description="Ask which issues each pull request is linked to, besides those that its text names."
    )
    paths: tuple[str, ...] = Field(
        default=(),
        description="Folders that can be claimed as <repository>/paths/<folder>; what changes their files is theirs.",
        examples=[["services/checkout"]],
    )
    key_pattern: Pattern = Field(
        default=ISSUE_KEY, description="Regular expression of issue keys in titles, branches, texts and commits."
    )
    keys_prefix: str = Field(default="jira:", description="What stands before such a key to name its artefact.")
    initiative_labels: tuple[str, ...] = Field(
        default=("initiative",), description="Labels of issues and discussions that are initiatives, and ideas."
    )
    idea_labels: tuple[str, ...] = Field(
        default=("idea", "proposal"), description="Labels of issues and discussions that are ideas."
    )
    idea_categories: tuple[str, ...] = Field(default=("ideas",), description="Categories whose discussions are ideas.")
    approved_labels: tuple[str, ...] = Field(
        default=("approved", "accepted"), description="Labels that say yes to an idea."
    )
    rejected_labels: tuple[str, ...] = Field(
        default=("rejected", "wontfix"), description="Labels that say no to an idea; closing as not planned does too."
    )
    deferred_labels: tuple[str, ...] = Field(default=("deferred",), description="Labels that put an idea off.")
    feedback_labels: tuple[str, ...] = Field(
        default=("feedback", "customer-feedback"), description="Labels of issues and discussions that are feedback."
    )
    feedback_categories: tuple[str, ...] = Field(
        default=("feedback",), description="Categories whose discussions are feedback."
    )
    top_down_labels: tuple[str, ...] = Field(
        default=("top-down",), description="Labels of initiatives that leadership began."
    )
    bottom_up_labels: tuple[str, ...] = Field(
        default=("bottom-up",), description="Labels of initiatives that those who do the work began."
    )

    @field_validator("repositories")
    @classmethod
    def _named(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        wrong = [name for name in names if not re.fullmatch(r"[\w.-]+/[\w.*-]+", name)]
        if wrong:
            raise ValueError(f"must each be owner/name, which {', '.join(wrong)} is not")
        return names

    @field_validator("paths")
    @classmethod
    def _folders(cls, paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(path.strip("/") for path in paths if path.strip("/"))

    @model_validator(mode="after")
    def _one_way_in(self) -> Self:
        app = [self.app_id, self.app_installation, self.app_key]
        begun = self.app_id is not None or self.app_installation is not None
        if (begun and None in app) or (self.app_key and not begun and not self.token):
            raise ValueError("an app needs app_id, app_installation and app_key")
        return self
