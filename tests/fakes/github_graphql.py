"""GraphQL as the fake GitHub speaks it: of what there is, what the query selects and nothing else."""

from graphql import FieldNode, InlineFragmentNode, parse

SIZE = 2
"""Nodes of a page, however many are asked for."""


def asked(body):
    """The name of the operation in a request's body."""
    return parse(body["query"]).definitions[0].name.value


def answer(body, there):
    """Answer a request from what there is, dicts and lists, in which functions take a field's arguments."""
    operation = parse(body["query"]).definitions[0]
    return {"data": _selected(operation.selection_set, there, body.get("variables") or {})}


def connection(nodes, arguments):
    """A page of nodes, as the arguments `first` and `after` say."""
    start, size = int(arguments.get("after") or 0), min(arguments.get("first", SIZE), SIZE)
    more = start + size < len(nodes)
    return {
        "nodes": nodes[start : start + size],
        "pageInfo": {"hasNextPage": more, "endCursor": str(start + size) if more else None},
    }


def _selected(selection, value, variables):
    if selection is None or value is None:
        return value
    if isinstance(value, list):
        return [_selected(selection, one, variables) for one in value]
    found = {}
    for node in selection.selections:
        if isinstance(node, InlineFragmentNode):
            found |= _selected(node.selection_set, value, variables)
        elif isinstance(node, FieldNode) and node.name.value in value and _included(node, variables):
            inner = value[node.name.value]
            if callable(inner):
                inner = inner({one.name.value: _given(one.value, variables) for one in node.arguments or ()})
            found[node.name.value] = _selected(node.selection_set, inner, variables)
    return found


def _included(node, variables):
    return all(_given(directive.arguments[0].value, variables) for directive in node.directives or ())


def _given(value, variables):
    if value.kind == "variable":
        return variables.get(value.name.value)
    if value.kind == "object_value":
        return {field.name.value: _given(field.value, variables) for field in value.fields}
    return int(value.value) if value.kind == "int_value" else value.value
