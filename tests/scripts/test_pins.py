"""`make check` refuses pins that are unknown, yanked, or asleep without a decision."""

import pytest

from scripts.pins import YANKED, Release, Table, check, pins_in, problems, read_table, table_text

REQUIREMENTS = """\
alpha==1.0 \\
    --hash=sha256:00
beta[extra]>=2
gamma-delta==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:11
"""


def table(**changes: object) -> Table:
    """A table with one pin, released in 2026 and asked about in November of that year."""
    entry = {"released": "2026-01-02", "latest": "2026-03-04", "yanked": "false", **changes}
    fields = ", ".join(f"{name} = {value}" for name, value in entry.items())
    return read_table(f'checked = 2026-11-29\n[pins]\n"alpha==1.0" = {{ {fields} }}\n')


def test_pins_are_read_from_requirements_with_hashes_and_markers() -> None:
    assert pins_in(REQUIREMENTS) == ["alpha==1.0", "gamma-delta==2.5.5"]


def test_a_pin_that_is_known_and_awake_is_no_problem() -> None:
    assert list(problems(["alpha==1.0"], table(), "")) == []


@pytest.mark.parametrize("pin", ["alpha==1.1", "beta==1.0"])
def test_a_pin_that_is_not_in_the_table_is_a_problem(pin: str) -> None:
    assert list(problems([pin], table(), "")) == [
        f"{pin} is not in requirements/packages.toml; run `make pins`"
    ]


def test_a_yanked_pin_is_a_problem_also_where_a_decision_names_it() -> None:
    [problem] = problems(["alpha==1.0"], table(yanked="true"), "`alpha`")
    assert problem.startswith("alpha==1.0 is yanked")


def test_a_package_without_a_release_for_two_years_needs_a_decision() -> None:
    asleep = table(latest="2024-11-01")
    [problem] = problems(["alpha==1.0"], asleep, "alpha is mentioned, not named")
    assert problem.startswith("alpha has had no release since 2024-11-01")
    assert list(problems(["alpha==1.0"], asleep, "| `alpha` | 2024-11 |")) == []


def test_the_table_is_read_as_it_is_written() -> None:
    made = table()
    assert read_table(table_text(made)) == made
    assert isinstance(made.releases["alpha==1.0"], Release)


def test_uvs_warning_names_the_yanked_pin() -> None:
    assert YANKED.findall("warning: `alpha==1.0` is yanked (reason: broken)") == ["alpha==1.0"]


def test_the_pins_of_this_repository_pass(capsys: pytest.CaptureFixture[str]) -> None:
    assert check() == 0, capsys.readouterr().err
