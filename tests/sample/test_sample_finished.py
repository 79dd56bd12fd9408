"""The finished sample interview is what would happen if somebody did it again."""

from pathlib import Path

from interviewlm.sample.content import load_finished, load_organisation, load_problems
from interviewlm.sample.script import Edit, Run
from interviews.enums import Dimension
from tests.sample.workspace import passes_hidden, run_visible, write_files

PROBLEMS = {problem.slug: problem for problem in load_problems()}


def test_finished_lasts_about_38_minutes() -> None:
    assert 36 * 60 <= load_finished().duration_seconds <= 40 * 60


def test_finished_runs_and_hidden_results_come_out_as_recorded(tmp_path: Path) -> None:
    finished = load_finished()
    for slug, problem in PROBLEMS.items():
        write_files(tmp_path / slug, problem.files)
    recorded, repeated = [], []

    for step in finished.steps:
        if isinstance(step, Edit):
            write_files(tmp_path, {step.path: step.text})
        elif isinstance(step, Run):
            code, outcomes, _ = run_visible(
                PROBLEMS[step.section], tmp_path / step.section
            )
            tests = {test.name: test.outcome for test in step.tests}
            recorded.append((step.at, step.exit_code, tests))
            repeated.append((step.at, code, outcomes))

    assert repeated == recorded
    for result in finished.hidden:
        problem = PROBLEMS[result.section]
        case = next(one for one in problem.hidden.cases if one.name == result.case)
        passed = passes_hidden(problem, tmp_path / result.section, case)
        assert passed == result.is_passed, result.case


def test_finished_output_counts_agree_with_the_tests() -> None:
    for step in load_finished().steps:
        if isinstance(step, Run):
            passed = [test for test in step.tests if test.outcome == "passed"]
            assert f"{len(passed)} passed" in step.output


def test_finished_edits_change_something() -> None:
    texts = {
        f"{slug}/{path}": text
        for slug, problem in PROBLEMS.items()
        for path, text in problem.files.items()
    }

    for step in load_finished().steps:
        if isinstance(step, Edit):
            assert texts.get(step.path) != step.text, step.at
            texts[step.path] = step.text


def test_finished_leaves_experience_not_established() -> None:
    scores = {
        verdict.dimension: verdict.score
        for verdict in load_finished().scorecard.verdicts
    }

    assert [one for one, score in scores.items() if score is None] == [
        Dimension.EXPERIENCE
    ]


def test_finished_shows_no_path_of_the_machine_it_was_recorded_on() -> None:
    text = load_finished().model_dump_json()

    assert not [part for part in ("/root", "/home", "/tmp", "/usr") if part in text]


def test_organisation_uses_every_problem_once() -> None:
    sections = [
        slug
        for assessment in load_organisation().assessments
        for slug in assessment.sections
    ]

    assert sorted(sections) == sorted(PROBLEMS)


def test_assessments_leave_time_for_their_sections() -> None:
    for assessment in load_organisation().assessments:
        needed = sum(PROBLEMS[slug].time_limit_minutes for slug in assessment.sections)
        assert needed <= assessment.duration_minutes


def test_organisation_uses_the_two_policies_a_newcomer_should_see() -> None:
    policies = [one.policy for one in load_organisation().assessments]

    assert sorted(policies) == ["hints", "pair"]
