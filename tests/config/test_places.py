"""The line of every table and key."""

from textwrap import dedent

from ttv.config.places import Lines


def test_every_way_of_writing_a_table_has_its_line():
    lines = Lines(
        dedent(
            '''\
            top = 1
            [a.b]
            text = """
            [not.a.table]
            no = 1
            """
            "quoted key" = 2
            c.d = 3
            many = [
              "x",
            ]
            [ a . "b.c" ]  # said
            x = 1
            '''
        )
    )
    places = {
        ("top",): 1,
        ("a",): 2,
        ("a", "b"): 2,
        ("a", "b", "text"): 3,
        ("not", "a"): None,
        ("a", "b", "no"): 2,
        ("a", "b", "quoted key"): 7,
        ("a", "b", "c", "d"): 8,
        ("a", "b", "many"): 9,
        ("a", "b.c", "x"): 13,
        ("a", "b.c", "missing"): 12,
    }
    assert {place: lines.of(place) for place in places} == places


def test_the_tables_of_an_array_have_a_line_each():
    lines = Lines(
        dedent(
            """\
            [[a.reads]]
            name = "x"
            [a.reads.paging]
            by = "link"
            [[a.reads]]
            name = "y"
            [[a.reads.children]]
            [[a.reads.children]]
            name = "z"
            [b]
            name = 1
            """
        )
    )
    places = {
        ("a", "reads", "0", "name"): 2,
        ("a", "reads", "0", "paging", "by"): 4,
        ("a", "reads", "1", "name"): 6,
        ("a", "reads", "1", "children", "0", "name"): 7,
        ("a", "reads", "1", "children", "1", "name"): 9,
        ("b", "name"): 11,
    }
    assert {place: lines.of(place) for place in places} == places
