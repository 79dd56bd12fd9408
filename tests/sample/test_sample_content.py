"""A fault in the sample's files is refused in words that name the file."""

import shutil
from pathlib import Path

import pytest

from interviewlm.sample.content import (
    ROOT,
    ContentError,
    load_finished,
    load_organisation,
    load_problems,
)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A copy of the sample that a test may damage."""
    root = tmp_path / "sample"
    shutil.copytree(ROOT / "problems", root / "problems")
    for name in ("organisation.toml", "finished.toml"):
        shutil.copy(ROOT / name, root / name)
    return root


def damage(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("problem.toml", "title =", "titel =", "titel: Extra inputs"),
        ("problem.toml", '"medium"', '"brutal"', "difficulty: "),
        ("problem.toml", "minutes = 20", 'minutes = "20"', "time_limit_minutes: "),
        ("problem.toml", '"bucket.py"', '"bin.py"', "bin.py is not among the starter"),
        ("problem.toml", '"lift-gate"', '"lift"', "the slug is lift"),
        ("problem.toml", "[tests]", "[tests", "problem.toml: "),
        ("hints.toml", "text =", "txt =", "hints.0: "),
        ("hidden.json", '"cases"', '"case"', "hidden.call.cases: Field required"),
        ("hidden.json", "the example", "an empty day", "given twice: an empty day"),
        ("hidden.json", "{", "[{", "hidden.json: "),
    ],
)
def test_load_problems_names_the_fault(
    sample: Path, name: str, old: str, new: str, message: str
) -> None:
    damage(sample / "problems" / "lift-gate" / name, old, new)

    with pytest.raises(ContentError) as error:
        load_problems(sample)

    assert message in str(error.value)
    assert "lift-gate" in str(error.value)


def test_load_problems_names_a_missing_file(sample: Path) -> None:
    (sample / "problems" / "row-f" / "README.md").unlink()

    with pytest.raises(ContentError, match=r"row-f/README\.md: No such file"):
        load_problems(sample)


def test_load_problems_refuses_a_starter_without_tests(sample: Path) -> None:
    shutil.rmtree(sample / "problems" / "row-f" / "starter" / "tests")

    with pytest.raises(ContentError, match="the starter has no tests"):
        load_problems(sample)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"night-bake"]', '"night-cake"]', "no problem night-cake"),
        ('"finance"', '"owner"', "nobody is finance"),
        ("nadia.rahman@", "marit.solheim@", "e-mail given twice"),
        ("nadia.rahman@example.com", "nadia@elsewhere.net", "people.2.email: "),
        ('"experience"', '"technical"', "no rubric item for experience"),
        ('job = "backend-engineer"', 'job = "baker"', "no job baker"),
        ('assessment = "product-editing"', 'assessment = "x"', "no such assessment"),
        ('policy = "hints"', 'policy = "anything"', "assessments.0.policy: "),
    ],
)
def test_load_organisation_names_the_fault(
    sample: Path, old: str, new: str, message: str
) -> None:
    damage(sample / "organisation.toml", old, new)

    with pytest.raises(ContentError) as error:
        load_organisation(sample)

    assert message in str(error.value)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ilse.brandt@", "nobody@", "no candidate nobody@example.com"),
        ('"backend-operations"', '"product-editing"', "no section lift-gate"),
        ('"backend-operations"', '"other"', "no assessment other"),
        ('"lift-gate/gate.py"\n', '"lift-gate/gat.py"\n', "no file lift-gate/gat.py"),
        ('"lift-gate/bucket.py"]', '"lift-gate/b.py"]', "a file that is not there"),
        ("at = 402", "at = 5000", "the order of time"),
        ("*Simulated answer", "*Answer", "must begin by saying that it is simulated"),
        ("is_simulated = true", "is_simulated = false", "scorecard.is_simulated: "),
        ("score = 82", "score = 182", "scorecard.verdicts.0.score: "),
        ('"Simulated: both', '"Both', "must begin by saying that it is simulated"),
        ('quote = "10 passed"', 'quote = "11 passed"', "not in the run: '11 passed'"),
        ("exit_code = 1", "exit_code = 0", "exit_code does not agree"),
        ('case = "the example"', 'case = "none"', "hidden must list every hidden case"),
        ('kind = "finish"\nat = 2285', 'kind = "finish"\nat = 9000', "is longer than"),
    ],
)
def test_load_finished_names_the_fault(
    sample: Path, old: str, new: str, message: str
) -> None:
    damage(sample / "finished.toml", old, new)

    with pytest.raises(ContentError) as error:
        load_finished(sample)

    assert message in str(error.value)
    assert "finished.toml: " in str(error.value)


def test_load_finished_refuses_an_ask_without_its_answer(sample: Path) -> None:
    path = sample / "finished.toml"
    text = path.read_text()
    start = text.index('[[steps]]\nkind = "answer"')
    path.write_text(text[:start] + text[text.index("[[steps]]", start + 1) :])

    with pytest.raises(ContentError, match="every ask needs its answer"):
        load_finished(sample)
