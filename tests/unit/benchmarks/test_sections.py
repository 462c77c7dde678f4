"""One group of benchmarks that is run again changes its own part of the page and no other."""

from __future__ import annotations

from benchmarks.sections import merged

OLD = """\
# Page

old words

## First

intro

### One

1

### Two

2

## Last

end
"""


def test_the_same_page_again_is_the_same_page():
    assert merged(OLD, OLD, ["First", "Last"]) == OLD


def test_a_subsection_is_replaced_and_the_rest_stays():
    new = "# Page\n\nnew words\n\n## First\n\nintro\n\n### Two\n\n2, again\n"
    text = merged(OLD, new, ["First", "Last"])
    assert text == OLD.replace("old words", "new words").replace("\n2\n", "\n2, again\n")


def test_a_new_section_goes_to_its_place_and_an_unknown_one_to_the_end():
    text = merged(OLD, "# Page\n\n## Middle, of 3\n\nhere\n\n## Odd\n", ["First", "Middle", "Last"])
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings == ["## First", "## Middle, of 3", "## Last", "## Odd"]
    assert "### Two\n\n2\n\n## Middle, of 3\n\nhere\n\n## Last" in text
