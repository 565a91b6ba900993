"""What the tests of GitHub look for in what came."""

from datetime import UTC, datetime

from connectors.contract import Artefact, Event


def event(items, id_):
    return next(item for item in items if isinstance(item, Event) and item.id == id_)


def ids(items, kind):
    return [item.id for item in items if isinstance(item, Event) and item.kind == kind]


def merged(items):
    """The merges of pull requests, and no commits without one."""
    return [id_ for id_ in ids(items, "change") if id_.startswith("pull/")]


def is_group(key):
    """Whether a key is that of a repository, a label or a path, and not of a thread, a commit or a deploy."""
    return "/labels/" in key or "/paths/" in key or (not {"#", "@"} & set(key) and key.startswith(("github:", "ghe:")))


def parents(items, key):
    """The parents of an artefact but for the groups that it stands in."""
    return tuple(parent for parent in every_parent(items, key) if not is_group(parent))


def groups(items, key):
    return {parent for parent in every_parent(items, key) if is_group(parent)}


def every_parent(items, key):
    return next(item.parents for item in items if isinstance(item, Artefact) and item.key == key)


def carried(deploy):
    """What a deploy carries, but for the groups that it stands in."""
    return tuple(ref for ref in deploy.refs if not is_group(ref))


def at(*parts):
    return datetime(*parts, tzinfo=UTC)
